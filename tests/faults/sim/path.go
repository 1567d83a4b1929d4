package sim

import (
	"context"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// path is what is between one client and one member.
type path struct {
	network *network
	chance  *Chance
	member  string
	latency time.Duration // of each packet, about
	slow    atomic.Int64  // what a fault adds to it

	mu      sync.Mutex
	refused int           // while there are any, dials are refused
	blocked int           // while there are any, nothing passes
	freed   chan struct{} // closed when that is over
	lines   map[*line]bool
	rates   rates
	gateway *gateway  // nil for none
	hidden  time.Time // when a gateway last passed a write on, and hid that
	dials   int
}

// rates are the probabilities of faults of one request.
type rates struct {
	dropRequest float64
	dropReply   float64
	late        float64 // it arrives after a while, though the client may have given up
	stall       float64 // if it waits, what follows the header of its reply comes late
}

// line is a connection as the server has it.
type line struct {
	net.Conn
	*fakenet.Line
	path *path
}

// Close closes the server's end.
func (l *line) Close() error {
	l.path.mu.Lock()
	delete(l.path.lines, l)
	l.path.mu.Unlock()
	return l.Conn.Close()
}

// dial makes a connection, as TCP does: the handshake takes a round trip.
func (p *path) dial(ctx context.Context, l *fakenet.Listener) (net.Conn, error) {
	if err := p.handshake(ctx); err != nil {
		return nil, err
	}
	wires, near, far := fakenet.NewLine(p.delay)
	server := &line{far, wires, p}
	p.network.mu.Lock()
	host := *p.network.hosts[p.member]
	p.mu.Lock()
	p.dials++
	p.lines[server] = true
	for range host.frozen + p.blocked {
		wires.Hold()
	}
	p.mu.Unlock()
	p.network.mu.Unlock()
	if !host.up {
		_ = server.Close()
		return nil, fakenet.Refused()
	}
	if err := l.Connect(ctx, server); err != nil {
		_ = server.Close()
		return nil, err
	}
	return near, nil
}

// handshake waits while nothing passes.
func (p *path) handshake(ctx context.Context) error {
	for {
		p.mu.Lock()
		blocked, refused, freed := p.blocked > 0, p.refused > 0, p.freed
		p.mu.Unlock()
		switch {
		case refused:
			return fakenet.Refused()
		case !blocked:
			timer := time.NewTimer(p.delay())
			defer timer.Stop()
			select {
			case <-timer.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Minute): // the kernel gives up
			return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ETIMEDOUT}
		}
	}
}

// delay returns the delay of one packet.
func (p *path) delay() time.Duration {
	most := time.Duration(p.slow.Load())
	return p.chance.Between(p.latency, 2*p.latency) + p.chance.Between(most/2, most)
}

// change changes the path.
func (p *path) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how()
}

// each calls f for each line.
func (p *path) each(f func(*line)) {
	p.mu.Lock()
	lines := slices.Collect(maps.Keys(p.lines))
	p.mu.Unlock()
	for _, l := range lines {
		f(l)
	}
}

// any returns one of the lines, or nil.
func (p *path) any() *line {
	p.mu.Lock()
	lines := slices.Collect(maps.Keys(p.lines))
	p.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	return Pick(p.chance, lines)
}

// block keeps everything from passing until free.
func (p *path) block() {
	p.change(func() {
		if p.blocked++; p.blocked == 1 {
			p.freed = make(chan struct{})
		}
		for l := range p.lines {
			l.Hold()
		}
	})
}

func (p *path) free() {
	p.change(func() {
		if p.blocked--; p.blocked == 0 {
			close(p.freed)
		}
		for l := range p.lines {
			l.Release()
		}
	})
}
