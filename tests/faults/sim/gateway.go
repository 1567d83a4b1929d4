package sim

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// gateway is between a client and a member. Some requests it answers by itself.
type gateway struct {
	chance *Chance
	reply  reply
	share  float64 // of requests that it answers
	after  float64 // of those, requests that it passes on, too: before it answers, or later
}

// reply is what a gateway answers.
type reply struct {
	status int
	header http.Header
	body   string
}

// replies are those of gateways in use. The last are of servers that take the request for one of their own.
var replies = []reply{
	{502, http.Header{"Content-Type": {"text/html"}}, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>\n"},
	{503, http.Header{"Content-Type": {"text/html"}}, "<html><body><h1>503 Service Unavailable</h1>No server is available.</body></html>\n"},
	{504, http.Header{"Content-Type": {"text/html"}}, "<html><head><title>504 Gateway Time-out</title></head><body>nginx</body></html>\n"},
	missingPage,
	{404, http.Header{"Content-Type": {"application/json"}}, `{"message":"no Route matched with those values"}`},
	{200, http.Header{"Content-Type": {"text/html"}}, "<html><body>It works!</body></html>\n"},
}

// missingPage is what a server written in Go answers by itself.
var missingPage = reply{404, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, "404 page not found\n"}

func newGateway(chance *Chance) *gateway {
	return &gateway{
		chance: chance, reply: Pick(chance, replies), share: Pick(chance, []float64{0.1, 0.5, 1}),
		after: Pick(chance, []float64{0, 0.5}),
	}
}

// stands puts the gateway on a path, and returns what takes it away.
func (g *gateway) stands(p *path) (heal func()) {
	p.change(func() { p.gateway = g })
	return func() { p.change(func() { p.gateway = nil }) }
}

func (g *gateway) serve(w http.ResponseWriter, r *http.Request, m *Member, p *path) {
	honest := r.Method == http.MethodHead && p.hides()
	if honest || !g.chance.Happens(g.share) {
		m.pass(w, r)
		return
	}
	passes, later := !waits(r) && g.chance.Happens(g.after), g.chance.Happens(0.5)
	if passes && g.reply.body == missingPage.body {
		p.change(func() { p.hidden = time.Now() })
	}
	if passes && !later {
		m.pass(nowhere{}, r)
	}
	for name, values := range g.reply.header {
		w.Header()[name] = values
	}
	if passes && later {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Length", strconv.Itoa(len(g.reply.body)))
	}
	w.WriteHeader(g.reply.status)
	_, _ = io.WriteString(w, g.reply.body)
	if passes && later {
		_ = http.NewResponseController(w).Flush()
		if late, ok := m.cluster.linger(r, g.chance.About(Pick(g.chance, []time.Duration{20 * time.Millisecond, time.Second}))); ok {
			m.pass(nowhere{}, late)
		}
	}
}

// hides reports whether a gateway has just passed a write on, and hidden that behind the page of a server without the path.
// Nobody could tell that, if the gateway, or the next one, refused the question whether it is so.
func (p *path) hides() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.hidden) < hiddenTime
}

// hiddenTime is for how long.
const hiddenTime = 10 * time.Second
