package cluster

import (
	"net"
	"slices"
	"sync"
)

// users knows which attempt that waits uses which connection. A connection whose reply has come to its end may
// serve another request at once, which must not be cut off.
type users struct {
	mu     sync.Mutex
	waiter map[net.Conn]*attempt
}

// took records that a uses conn, which no other attempt uses any more, and not the connection that it had before.
func (u *users) took(conn net.Conn, a *attempt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.waiter, conn)
	if a.waits {
		u.forget(a)
		if u.waiter == nil {
			u.waiter = map[net.Conn]*attempt{}
		}
		u.waiter[conn] = a
	}
}

// left records that a has ended.
func (u *users) left(a *attempt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.forget(a)
}

func (u *users) forget(a *attempt) {
	if u.waiter[a.conn] == a {
		delete(u.waiter, a.conn)
	}
}

// closeWrite closes the connection of a for writing, if it is still a that uses it. The reply may then come to its
// end, and net/http may give the connection to another request. That one cannot write a byte to it; see
// Cluster.send.
func (u *users) closeWrite(a *attempt) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	conn, ok := a.conn.(interface{ CloseWrite() error })
	if !ok || u.waiter[a.conn] != a || conn.CloseWrite() != nil {
		return false
	}
	if t := trackedOf(a.conn); t != nil {
		t.writes.Store(sealed)
	}
	return true
}

// Finish asks the member to end the reply, and reports whether it can be asked. It closes the connection for
// writing, which Go's HTTP server, in all versions of etcd, takes for the end of the request: it sends what it
// has still to send, and then the end of the reply. If Finished reports that the end has come, everything that
// was sent before has come, too.
//
// It needs a connection of HTTP/1.1 that nobody else uses, so none of a caller's own http.Client, and a reply
// in chunks, because any other one has no end that differs from that of a broken connection. Many proxies break
// the connection instead.
func (o *Open) Finish() bool {
	if !o.cluster.owned || o.ProtoMajor != 1 || !slices.Contains(o.TransferEncoding, "chunked") {
		return false
	}
	o.finishing.Store(true)
	return o.cluster.users.closeWrite(o.attempt)
}

// Finished is called when the body has been read to its end without an error. It reports whether the end
// follows from Finish. Another request that got the connection has sent nothing on it.
func (o *Open) Finished() bool {
	if !o.finishing.Load() {
		return false
	}
	o.attempt.conn.Close()
	o.Member.ends.Store(true)
	return true
}

// Ends reports whether the member, or what stands for it, has ended a reply that it was asked to end. A connection to it
// that breaks then shows nothing.
func (o *Open) Ends() bool { return o.Member.ends.Load() }
