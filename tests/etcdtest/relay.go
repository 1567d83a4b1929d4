package etcdtest

import (
	"io"
	"net"
	"sync"
)

// A relay is the client port of an embedded member: it passes bytes on, both
// ways, to the port that the embedded server listens on. It is there because an
// embedded server gives no access to its client connections, and closing the
// server neither ends its long polls nor returns before the connections on which
// nothing was sent yet are gone. Closing the relay first ends them all, as the
// death of a process would.
type relay struct {
	addr string // host:port that clients use

	mu       sync.Mutex
	listener net.Listener // nil while closed
	conns    map[net.Conn]bool
	running  sync.WaitGroup
}

// listen takes the client port. Connections wait until serve is called.
func (r *relay) listen() error {
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listener, r.conns = l, map[net.Conn]bool{}
	return nil
}

// serve starts passing connections on to target, until close.
func (r *relay) serve(target string) {
	l := r.listener
	r.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // closed
			}
			r.running.Go(func() { r.pass(client, target) })
		}
	})
}

// close frees the port, cuts every connection and returns when all goroutines of
// the relay have ended.
func (r *relay) close() {
	r.mu.Lock()
	if r.listener != nil {
		r.listener.Close()
		r.listener = nil
	}
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
	if r.listener == nil {
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
	io.Copy(dst, src)
	dst.(*net.TCPConn).CloseWrite()
}
