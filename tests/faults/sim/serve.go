package sim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// serveHTTP serves a request that has arrived at the member's machine, or at a gateway before it.
func (m *Member) serveHTTP(w http.ResponseWriter, r *http.Request) {
	p := r.Context().Value(lineKey{}).(*line).path
	m.cluster.requests.Add(1)
	p.mu.Lock()
	rates, gateway := p.rates, p.gateway
	p.mu.Unlock()
	switch {
	case gateway != nil:
		gateway.serve(w, r, m, p)
	case p.chance.Happens(rates.dropRequest):
		m.cluster.count("request dropped")
		panic(http.ErrAbortHandler)
	case p.chance.Happens(rates.dropReply):
		m.cluster.count("reply dropped")
		if !waits(r) {
			m.pass(nowhere{}, r)
		}
		panic(http.ErrAbortHandler)
	case p.chance.Happens(rates.late):
		m.cluster.count("request late")
		if late, ok := m.cluster.linger(r, p.chance.About(5*time.Second)); ok {
			m.pass(w, late)
		}
	case waits(r) && p.chance.Happens(rates.stall):
		m.cluster.count("event late")
		m.pass(&stalled{w, r.Context(), p.chance.Between(time.Second, 10*time.Second), m.cluster.over}, r)
	default:
		m.pass(w, r)
	}
}

// waits reports whether r waits for an event.
func waits(r *http.Request) bool { return r.URL.Query().Get("wait") == "true" }

// linger keeps a request on its way, and returns it. It returns false if the request has not arrived as a whole.
// What passes it on does not learn that the client has given up, unless the request is one that waits.
func (c *Cluster) linger(r *http.Request, d time.Duration) (late *http.Request, ok bool) {
	late = r
	if !waits(r) {
		late = r.WithContext(context.WithoutCancel(r.Context()))
	}
	body, err := io.ReadAll(r.Body)
	late.Body = io.NopCloser(bytes.NewReader(body))
	select {
	case <-time.After(d):
		return late, err == nil
	case <-c.over:
		return nil, false
	}
}

// pass passes a request on to the process, as soon as it serves clients.
func (m *Member) pass(w http.ResponseWriter, r *http.Request) {
	p := m.running()
	if p == nil {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-p.ready:
		p.handler.ServeHTTP(w, r)
	case <-p.stopped:
		panic(http.ErrAbortHandler)
	case <-r.Context().Done():
	}
}

// nowhere is where a reply goes that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}
func (nowhere) Flush()                      {}
