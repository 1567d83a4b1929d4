package embedded

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// anyPort is what an embedded server listens on, behind its relays.
const anyPort = "127.0.0.1:0"

// A relay is a port of an embedded member: it passes bytes on, both ways, to the port
// that the embedded server listens on. It is there because an embedded server gives no
// access to its connections, and closing it neither ends its long polls nor returns
// before connections are gone on which nothing was sent yet. Closing the relay cuts
// them all, as the death of a process would. A nil relay is closed.
type relay struct {
	mu       sync.Mutex
	listener net.Listener
	closed   bool
	conns    map[net.Conn]bool
	running  sync.WaitGroup
}

// listenRelay takes the port. Connections wait until serve is called.
func listenRelay(addr string) (*relay, error) {
	l, err := launch.Listen(addr)
	if err != nil {
		return nil, err
	}
	return &relay{listener: l, conns: map[net.Conn]bool{}}, nil
}

// acceptPause is how long a relay waits when it cannot take a connection, because this process has no file left for
// one, say. That passes, and the relay must not end of it.
const acceptPause = 5 * time.Millisecond

// serve starts passing connections on to target, until close.
func (r *relay) serve(target string) {
	r.running.Go(func() {
		for {
			client, err := r.listener.Accept()
			switch {
			case err == nil:
				r.running.Go(func() { r.pass(client, target) })
			case errors.Is(err, net.ErrClosed):
				return
			default:
				time.Sleep(acceptPause)
			}
		}
	})
}

// close frees the port, cuts every connection and returns when all goroutines of
// the relay have ended.
func (r *relay) close() {
	if r == nil {
		return
	}
	r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// pass connects client with target and returns when both directions have ended.
func (r *relay) pass(client net.Conn, target string) {
	defer r.forget(client)
	if !r.keep(client) {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer r.forget(server)
	if !r.keep(server) {
		return
	}
	var up sync.WaitGroup
	up.Go(func() { copyHalf(server, client) })
	copyHalf(client, server)
	up.Wait()
}

// keep notes c for close, and is false when the relay is closed already.
func (r *relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[c] = true
	return true
}

func (r *relay) forget(c net.Conn) {
	c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
}

// copyHalf copies one direction and passes on its end, not that of the other.
func copyHalf(dst, src net.Conn) {
	// Whatever ends the copy, the other side learns that nothing more will come.
	_, _ = io.Copy(dst, src)
	_ = dst.(*net.TCPConn).CloseWrite()
}
