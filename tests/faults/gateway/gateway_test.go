package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// gateway is an HTTP proxy between one client and one member.
type gateway struct {
	run     *run
	name    string
	member  string // URLs of the member, and of one of another cluster
	other   string
	archive *archive // of the member
	trail   *trail   // of the client
	next    *gateway // another gateway of the client
	active  atomic.Bool
	own     int // requests in a hundred that it answers itself

	server    *httptest.Server
	transport *http.Transport
	life      context.Context
	end       context.CancelFunc

	mu     sync.Mutex
	random *rand.Rand
	deck   []card
}

// open starts the gateway and stops it when the test ends. It passes everything on until it is active.
func (g *gateway) open(tb testing.TB) {
	g.transport = &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	g.life, g.end = context.WithCancel(context.Background())
	g.server = httptest.NewUnstartedServer(http.HandlerFunc(g.serve))
	g.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	g.server.Start()
	tb.Cleanup(g.abort)
}

// close returns when all requests in flight have ended.
func (g *gateway) close() { g.server.Close() }

// abort cuts off all requests in flight.
func (g *gateway) abort() {
	g.end()
	g.server.CloseClientConnections()
	g.server.Close()
	g.transport.CloseIdleConnections()
}

// deed is what a gateway does with one request.
type deed struct {
	what   string
	do     func(*exchange)
	card   card // the reply, if the gateway answers by itself
	random *rand.Rand
}

var (
	pass        = deed{what: "passed on", do: func(x *exchange) { x.reply(x.forward()) }}
	passWatch   = deed{what: "passed on", do: (*exchange).stream}
	loseRequest = deed{what: "request lost", do: func(*exchange) { panic(http.ErrAbortHandler) }}
	loseReply   = deed{what: "reply lost", do: func(x *exchange) {
		x.forward()
		panic(http.ErrAbortHandler)
	}}
	halveReply = deed{what: "half the reply lost", do: func(x *exchange) {
		a := *x.forward()
		a.body, a.short = a.body[:len(a.body)/2], true
		x.reply(&a)
	}}
)

// answering returns the deed of answering with c, before or after the request was forwarded.
func answering(c card, forward bool) deed {
	if forward {
		return deed{what: "forwarded, then answered", card: c, do: func(x *exchange) {
			x.forward()
			x.reply(c.make(x, c.status))
		}}
	}
	return deed{what: "answered", card: c, do: func(x *exchange) { x.reply(c.make(x, c.status)) }}
}

// decide chooses what to do with a request. Of a hundred requests two are lost, and the replies to four.
func (g *gateway) decide(req *request) deed {
	g.mu.Lock()
	defer g.mu.Unlock()
	choice, forward := g.random.IntN(100), g.random.IntN(2) == 0
	d := pass
	switch {
	case !g.active.Load():
	case choice < g.own:
		if len(g.deck) == 0 {
			g.deck = newDeck(g.random)
		}
		d = answering(g.deck[0], forward && req.writes())
		g.deck = g.deck[1:]
	case choice < g.own+2:
		d = loseRequest
	case req.watches():
		d = passWatch
	case choice < g.own+4:
		d = loseReply
	case choice < g.own+6:
		d = halveReply
	}
	d.random = rand.New(rand.NewPCG(g.random.Uint64(), 0))
	return d
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request) {
	req, err := readRequest(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	d := g.decide(req)
	g.run.count("requests " + d.what)
	g.trail.add(step{d.card.status, fmt.Sprintf("%s %s %s: %s %v", g.name, req.Method, req.URL.Path, d.what, d.card)})
	d.do(&exchange{g, d.random, w, req})
}

// trail records what the gateways of a client do.
type trail struct {
	mu    sync.Mutex
	steps []step
}

type step struct {
	status int // of an answer of the gateway's own
	what   string
}

func (t *trail) add(s step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, s)
}

// take returns the steps since the last call of take.
func (t *trail) take() []step {
	t.mu.Lock()
	defer t.mu.Unlock()
	steps := t.steps
	t.steps = nil
	return steps
}
