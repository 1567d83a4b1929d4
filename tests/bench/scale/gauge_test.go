package scale_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

// gauge is a TCP relay in front of a server that counts connections and requests.
type gauge struct {
	url      string
	target   string
	open     atomic.Int64 // connections now
	most     atomic.Int64 // connections at once, since reset
	requests atomic.Int64

	running sync.WaitGroup
	mu      sync.Mutex
	conns   map[net.Conn]bool // nil once closed
}

func newGauge(t *testing.T, target string) *gauge {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gauge{
		url: "http://" + listener.Addr().String(), target: strings.TrimPrefix(target, "http://"), conns: map[net.Conn]bool{},
	}
	g.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			g.running.Go(func() { g.relay(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		g.mu.Lock()
		for conn := range g.conns {
			conn.Close()
		}
		g.conns = nil
		g.mu.Unlock()
		g.running.Wait()
	})
	return g
}

// reset begins to count anew.
func (g *gauge) reset() {
	g.requests.Store(0)
	g.most.Store(g.open.Load())
}

// rate returns how many requests there were a second, in a time since reset.
func (g *gauge) rate(d time.Duration) float64 { return float64(g.requests.Load()) / d.Seconds() }

// settle waits until the requests have almost ceased and at most that many connections are open.
func (g *gauge) settle(t *testing.T, connections int) {
	t.Helper()
	quietSince, before := time.Now(), int64(-1)
	quiet := time.Duration(size(300, 2000)) * time.Millisecond
	live.Eventually(t, "no requests", func() bool {
		now := g.requests.Load()
		if now == 0 || now-before > 4 || g.open.Load() > int64(connections) {
			quietSince = time.Now()
		}
		before = now
		return time.Since(quietSince) > quiet
	})
}

// keep makes the end of the test close conn. It returns false if the test has ended.
func (g *gauge) keep(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		conn.Close()
		return false
	}
	g.conns[conn] = true
	return true
}

func (g *gauge) drop(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	conn.Close()
	delete(g.conns, conn)
}

func (g *gauge) relay(client net.Conn) {
	if !g.keep(client) {
		return
	}
	defer g.drop(client)
	server, err := net.Dial("tcp", g.target)
	if err != nil || !g.keep(server) {
		return
	}
	defer g.drop(server)
	now := g.open.Add(1)
	defer g.open.Add(-1)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
	var both sync.WaitGroup
	both.Go(func() { pass(server, io.TeeReader(client, counter{&g.requests})) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

// pass copies until the end, and passes that on.
func pass(to net.Conn, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.(*net.TCPConn).CloseWrite()
}

// counter counts the requests that are written to it. A request line is in one write, as net/http has it.
type counter struct{ requests *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.requests.Add(int64(bytes.Count(p, []byte(" HTTP/1.1\r\n"))))
	return len(p), nil
}
