package cluster

import (
	"net"
	"net/http/httptrace"
	"testing"
)

// halfOpen is a connection that counts how often it is closed for writing.
type halfOpen struct {
	net.Conn
	closed int
}

func (h *halfOpen) CloseWrite() error { h.closed++; return nil }

// A connection is not cut off from a request that has got it since.
func TestConnectionOfAnotherRequestIsLeftAlone(t *testing.T) {
	c := newCluster(t, Config{Endpoints: []string{"http://a"}})
	conn := &halfOpen{}
	poll, write := c.newAttempt(t.Context(), 0), c.newAttempt(t.Context(), 0)
	poll.waits = true
	poll.gotConn(httptrace.GotConnInfo{Conn: conn})
	check(t, "asked to end", []any{c.users.closeWrite(poll), conn.closed}, []any{true, 1})
	write.gotConn(httptrace.GotConnInfo{Conn: conn})
	check(t, "asked to end when it has been answered", []any{c.users.closeWrite(poll), conn.closed}, []any{false, 1})
	write.end()
	poll.gotConn(httptrace.GotConnInfo{Conn: conn})
	poll.gotConn(httptrace.GotConnInfo{Conn: &halfOpen{}}) // because the server had closed the first one
	poll.end()
	check(t, "connections kept", len(c.users.waiter), 0)
}
