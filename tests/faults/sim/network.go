package sim

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// network is between the clients and the members. Each client has a path to each member, and each path has faults
// and connections of its own.
type network struct {
	chance *Chance

	mu        sync.Mutex
	listeners map[string]*fakenet.Listener // by host
	hosts     map[string]*host
	paths     map[[2]string]*path
}

// host is what the network knows of a member.
type host struct {
	up     bool // its kernel accepts connections
	frozen int  // nothing passes
}

func newNetwork(chance *Chance) *network {
	return &network{
		chance: chance, listeners: map[string]*fakenet.Listener{}, hosts: map[string]*host{}, paths: map[[2]string]*path{},
	}
}

// listen starts the HTTP server of a member.
func (n *network) listen(m *Member) *http.Server {
	l := fakenet.NewListener()
	n.listeners[m.name], n.hosts[m.name] = l, &host{}
	server := &http.Server{
		Handler:     http.HandlerFunc(m.serveHTTP),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, lineKey{}, c) },
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(l) }() // ends with the listener
	return server
}

// lineKey is the key of the line in a request's context.
type lineKey struct{}

// path returns what is between a client and a member.
func (n *network) path(client, member string) *path {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := [2]string{client, member}
	p := n.paths[key]
	if p == nil {
		p = &path{network: n, chance: n.chance.For("path " + client + " " + member), member: member, lines: map[*line]bool{}}
		p.latency = p.chance.Between(50*time.Microsecond, 3*time.Millisecond)
		n.paths[key] = p
	}
	return p
}

// each calls f for each path to a member. The caller holds mu.
func (n *network) each(m *Member, f func(*path)) {
	for _, p := range n.paths {
		if p.member == m.name {
			f(p)
		}
	}
}

// open makes a member's kernel accept connections.
func (n *network) open(m *Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[m.name].up = true
}

// cut ends all connections to a member, which refuses new ones.
func (n *network) cut(m *Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[m.name].up = false
	n.each(m, func(p *path) { p.each((*line).Cut) })
}

// freeze keeps everything from passing that goes to a member or comes from it, until thaw.
func (n *network) freeze(m *Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[m.name].frozen++
	n.each(m, func(p *path) { p.each((*line).Hold) })
}

func (n *network) thaw(m *Member) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[m.name].frozen--
	n.each(m, func(p *path) { p.each((*line).Release) })
}

// dialer returns the function that dials for a client.
func (n *network) dialer(client string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		member, _, _ := strings.Cut(address, ":")
		n.mu.Lock()
		l := n.listeners[member]
		n.mu.Unlock()
		if l == nil {
			return nil, fakenet.Refused()
		}
		return n.path(client, member).dial(ctx, l)
	}
}
