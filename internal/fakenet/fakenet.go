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
	servers map[string]*listener
	refuse  int // how many connections to refuse before the next is made
	delays  func() func() time.Duration
}

// Serve starts a server at http://name, which ends with the test.
func (n *Network) Serve(t *testing.T, name string, handler http.Handler) (url string) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	if n.servers == nil {
		n.servers = map[string]*listener{}
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
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, Refused()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Refused returns the error of a connection that the other end refuses.
func Refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// listener accepts the connections to one server.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *listener) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "pipe" }
