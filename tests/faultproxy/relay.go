package faultproxy

import (
	"net"
	"strings"
	"sync"
	"testing"
)

// A Relay passes bytes like a Link, and can forget the connections that are open as a firewall does
// that has restarted: they are never closed and nothing passes on them any more, while new ones work
// at once. A Link closes what has lost something when it is healed. Use NewRelay.
type Relay struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex
	pairs []*pair
	ended bool
}

// pair is a connection and its continuation.
type pair struct {
	client, server net.Conn

	mu        sync.Mutex
	forgotten bool
}

// NewRelay starts a relay to targetURL, and stops it when the test ends.
func NewRelay(tb testing.TB, targetURL string) *Relay {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &Relay{listener: listener, target: strings.TrimPrefix(targetURL, "http://")}
	r.running.Go(r.accept)
	tb.Cleanup(r.close)
	return r
}

// URL returns the URL to send requests to, in place of the target's own.
func (r *Relay) URL() string { return "http://" + r.listener.Addr().String() }

// Forget makes all connections that are open dead without a word to either end.
func (r *Relay) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pairs {
		p.mu.Lock()
		p.forgotten = true
		p.mu.Unlock()
	}
}

func (r *Relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil {
			client.Close()
			continue
		}
		r.add(&pair{client: client, server: server})
	}
}

func (r *Relay) add(p *pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		p.close()
		return
	}
	r.pairs = append(r.pairs, p)
	r.running.Go(func() { p.pass(p.client, p.server) })
	r.running.Go(func() { p.pass(p.server, p.client) })
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
	r.ended = true
	for _, p := range r.pairs {
		p.close()
	}
	r.mu.Unlock()
	r.running.Wait()
}
