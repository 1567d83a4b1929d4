package faultproxy

import (
	"context"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// A Proxy is an HTTP proxy in front of one member. Use New.
type Proxy struct {
	server    *httptest.Server
	target    string
	transport *http.Transport
	life      context.Context
	end       context.CancelFunc

	mu        sync.Mutex
	plan      Plan
	forwarded map[string]int
	injected  map[string]int
}

// New starts a proxy in front of targetURL, such as etcdtest's Member.URL, that passes everything,
// and stops it when the test ends.
func New(tb testing.TB, targetURL string) *Proxy {
	tb.Helper()
	target, err := url.Parse(targetURL)
	if err != nil || target.Scheme != "http" || target.Path != "" {
		tb.Fatalf("faultproxy: %q is not the http URL of a member", targetURL)
	}
	p := &Proxy{
		target:    targetURL,
		transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		plan:      Always(Pass),
		forwarded: map[string]int{},
		injected:  map[string]int{},
	}
	p.life, p.end = context.WithCancel(context.Background())
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.server.Start()
	tb.Cleanup(p.close)
	return p
}

// URL returns the URL to send requests to, in place of the member's own.
func (p *Proxy) URL() string { return p.server.URL }

// Use makes the proxy follow plan from the next request on.
func (p *Proxy) Use(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Forwarded returns how many requests were sent on to the member, by method. A request is counted
// before it is sent.
func (p *Proxy) Forwarded() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.forwarded)
}

// Injected returns how often each fault was done to a request, by the fault's name.
func (p *Proxy) Injected() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.injected)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p.mu.Lock()
	plan := p.plan
	p.mu.Unlock()
	fault := plan(r)
	p.count(p.injected, fault.String())
	fault.do(&exchange{p, w, r, body})
}

func (p *Proxy) count(what map[string]int, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what[name]++
}

// close cuts what is under way and returns when no goroutine of the proxy is left.
func (p *Proxy) close() {
	p.end()
	p.server.CloseClientConnections() // or Close waits for open long polls
	p.server.Close()
	p.transport.CloseIdleConnections()
}
