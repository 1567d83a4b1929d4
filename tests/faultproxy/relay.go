package faultproxy

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A Relay passes bytes, and can forget the connections that are open as a firewall does that has
// restarted: they are never closed and nothing passes on them any more, while new ones work at once.
// A link of package faultlink closes what has lost something when it is healed. Use NewRelay.
type Relay struct {
	listener net.Listener
	scheme   string
	target   string
	life     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup

	mu    sync.Mutex
	pairs map[*pair]bool // those that are open
}

// pair is a connection and its continuation.
type pair struct {
	client, server net.Conn

	mu        sync.Mutex
	forgotten bool
}

// NewRelay starts a relay to targetURL, and stops it when the test ends. TLS passes through: the target's certificate
// must be for 127.0.0.1.
func NewRelay(tb testing.TB, targetURL string) *Relay {
	tb.Helper()
	target, err := url.Parse(targetURL)
	if err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Port() == "" {
		tb.Fatalf("faultproxy: %q is not the URL of a server with a port", targetURL)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := newRelay(listener, target)
	tb.Cleanup(r.close)
	return r
}

func newRelay(listener net.Listener, target *url.URL) *Relay {
	r := &Relay{listener: listener, scheme: target.Scheme, target: target.Host, pairs: map[*pair]bool{}}
	r.life, r.end = context.WithCancel(context.Background())
	r.running.Go(r.accept)
	return r
}

// URL returns the URL to send requests to, in place of the target's own.
func (r *Relay) URL() string { return r.scheme + "://" + r.listener.Addr().String() }

// Forget makes all connections that are open dead without a word to either end.
func (r *Relay) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.pairs {
		p.mu.Lock()
		p.forgotten = true
		p.mu.Unlock()
	}
}

// retryAccept is the time after which the relay accepts again, when the process is out of files.
const retryAccept = 10 * time.Millisecond

// accept goes on until the relay is closed: the process may be out of files for a moment only.
func (r *Relay) accept() {
	for {
		client, err := r.listener.Accept()
		switch {
		case err == nil:
			r.running.Go(func() { r.serve(client) })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			select {
			case <-r.life.Done():
			case <-time.After(retryAccept):
			}
		}
	}
}

// serve passes on what comes on a connection until one side ends it.
func (r *Relay) serve(client net.Conn) {
	var dialer net.Dialer
	server, err := dialer.DialContext(r.life, "tcp", r.target)
	if err != nil {
		client.Close()
		return
	}
	p := &pair{client: client, server: server}
	if !r.add(p) {
		p.close()
		return
	}
	defer r.remove(p)
	var back sync.WaitGroup
	back.Go(func() { p.pass(server, client) })
	p.pass(client, server)
	back.Wait()
}

// add reports whether the relay still runs.
func (r *Relay) add(p *pair) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life.Err() != nil {
		return false
	}
	r.pairs[p] = true
	return true
}

func (r *Relay) remove(p *pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.close()
	delete(r.pairs, p)
}

// pass copies until one side ends or fails, and then ends the other, unless all is forgotten.
func (p *pair) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		forgotten := p.forgotten
		p.mu.Unlock()
		switch {
		case forgotten && err != nil:
			return
		case forgotten:
			continue
		}
		if _, writeErr := to.Write(buffer[:n]); err != nil || writeErr != nil {
			p.close()
			return
		}
	}
}

func (p *pair) close() {
	p.client.Close()
	p.server.Close()
}

func (r *Relay) close() {
	r.listener.Close()
	r.mu.Lock()
	r.end()
	for p := range r.pairs {
		p.close()
	}
	r.mu.Unlock()
	r.running.Wait()
}
