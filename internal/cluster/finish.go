package cluster

import "slices"

// Finish asks the member to end the reply, and reports whether it can be asked. It closes the connection for
// writing, which Go's HTTP server, in all versions of etcd, takes for the end of the request: it sends what it
// has still to send, and then the end of the reply. If Finished reports that the end has come, everything that
// was sent before has come, too.
//
// It needs a connection of HTTP/1.1 of its own, and a reply in chunks, because any other one has no end that
// differs from that of a broken connection. Many proxies break the connection instead.
func (o *Open) Finish() bool {
	conn, ok := o.attempt.conn.(interface{ CloseWrite() error })
	if !ok || o.ProtoMajor != 1 || !slices.Contains(o.TransferEncoding, "chunked") {
		return false
	}
	o.finishing.Store(true)
	return conn.CloseWrite() == nil
}

// Finished is called when the body has been read to its end without an error. It reports whether the end
// follows from Finish. No other request can use the connection.
func (o *Open) Finished() bool {
	if !o.finishing.Load() {
		return false
	}
	o.attempt.conn.Close()
	return true
}
