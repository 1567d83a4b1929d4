// Package fakenet is a network in memory, for tests in synctest bubbles: what waits on it lets the bubble's
// clock go on, which what waits on a socket does not.
package fakenet

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Network is a network with servers. The zero value has none.
type Network struct {
	mu      sync.Mutex
	servers map[string]*Listener
	refuse  int // how many connections to refuse before the next is made
	delays  func() func() time.Duration
}

// Serve starts a server at http://name, which ends with the test.
func (n *Network) Serve(t *testing.T, name string, handler http.Handler) (url string) {
	l := NewListener()
	n.mu.Lock()
	if n.servers == nil {
		n.servers = map[string]*Listener{}
	}
	n.servers[name+":80"] = l
	n.mu.Unlock()
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }() // ends with the listener
	t.Cleanup(func() { server.Close() })
	return "http://" + name
}

// Refuse makes the network refuse the next connections.
func (n *Network) Refuse(connections int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuse = connections
}

// Delay makes each new connection delay what its server writes: by what the function that delays returns for
// the connection returns for each write. A delay of Forever makes the connection dead.
func (n *Network) Delay(delays func() func() time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delays = delays
}

// Dial connects to a server, as net.Dialer.DialContext does. It returns Refused if there is none.
func (n *Network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	l := n.servers[address]
	if n.refuse > 0 {
		n.refuse--
		l = nil
	}
	var delay func() time.Duration
	if n.delays != nil {
		delay = n.delays()
	}
	n.mu.Unlock()
	if l == nil {
		return nil, Refused()
	}
	near, far := pipe(delay)
	if err := l.Connect(ctx, far); err != nil {
		return nil, err
	}
	return near, nil
}

// Refused returns the error of a connection that the other end refuses.
func Refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// Listener accepts the connections to one server. NewListener makes one.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewListener returns a listener that accepts what Connect hands to it.
func NewListener() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Connect hands the server's end of a connection to the listener. It returns Refused if the listener is closed.
func (l *Listener) Connect(ctx context.Context, far net.Conn) error {
	select {
	case l.conns <- far:
		return nil
	case <-l.closed:
		return Refused()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (l *Listener) Close() error { l.once.Do(func() { close(l.closed) }); return nil }

// Addr returns an address that is always the same.
func (l *Listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "pipe" }
