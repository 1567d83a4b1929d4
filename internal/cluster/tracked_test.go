package cluster

import (
	"context"
	"io"
	stdnet "net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// closing is a network whose server closes the connection of a write right before anything is written to it.
type closing struct {
	fakenet.Network
	last  *closable
	dials atomic.Int64
}

func (n *closing) Dial(ctx context.Context, network, address string) (stdnet.Conn, error) {
	n.dials.Add(1)
	conn, err := n.Network.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n.last = &closable{Conn: conn}
	return n.last, nil
}

// closable is a connection that the other end closes when the test says so.
type closable struct {
	stdnet.Conn
	closed atomic.Bool
}

func (c *closable) closeFarEnd() {
	c.closed.Store(true)
	_ = c.SetReadDeadline(time.Now())
}

func (c *closable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.closed.Load() {
		return 0, io.EOF
	}
	return n, err
}

// write makes a write whose connection is closed if it is one of those.
func (n *closing) write(t *testing.T, c *Cluster, closes func(httptrace.GotConnInfo) bool) Result {
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if closes(info) {
			n.last.closeFarEnd()
			synctest.Wait() // until net/http has seen it
		}
	}})
	return c.Do(ctx, newCall(t, "PUT", "/v2/keys/k", "value=x"))
}

func newClosing(t *testing.T) (*Cluster, *closing, *atomic.Int64) {
	n, arrived := &closing{}, &atomic.Int64{}
	url := n.Serve(t, "a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Add(1)
		text(200, 7, "")(w, r)
	}))
	return newCluster(t, Config{Endpoints: []string{url}, Dial: n.Dial, PulseInterval: time.Hour}), n, arrived
}

// Net/http does not repeat a PUT on a kept connection if it sees that the server has closed it, though it has written
// nothing.
func TestWriteGoesOnIfAKeptConnectionWasClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, arrived := newClosing(t)
		check(t, "outcome", c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "")).Outcome, Done)
		result := n.write(t, c, func(info httptrace.GotConnInfo) bool { return info.Reused })
		check(t, "outcome", result.Outcome, Done)
		check(t, "requests", arrived.Load(), int64(2))
		check(t, "connections", n.dials.Load(), int64(2))
	})
}

// What closes each new connection is not tried without end.
func TestWriteOnNewConnectionsThatCloseIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n, arrived := newClosing(t)
		result := n.write(t, c, func(httptrace.GotConnInfo) bool { return true })
		check(t, "outcome", result.Outcome, NotSent)
		check(t, "requests", arrived.Load(), int64(0))
	})
}

func TestNothingIsWrittenToASealedConnection(t *testing.T) {
	near, far := stdnet.Pipe()
	defer far.Close()
	conn := &tracked{Conn: near}
	go func() { _, _ = far.Read(make([]byte, 10)) }()
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	check(t, "sealed after a write", conn.seal(0), false)
	check(t, "sealed", conn.seal(1), true)
	_, err := conn.Write([]byte("y"))
	checkIs(t, err, stdnet.ErrClosed)
}
