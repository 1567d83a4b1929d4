package etcdtest

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// A Recorder is an HTTP proxy in front of a member that notes every request before
// passing it on unchanged, except for headers such as Connection that concern the
// client's connection only. Replies are passed on as they come, long polls included;
// when the member breaks a connection off, so does the Recorder. Use [Record].
type Recorder struct {
	server *httptest.Server

	mu          sync.Mutex
	requests    []Request
	connections int
}

// A Request is one request as it arrived at a [Recorder].
type Request struct {
	Method string
	URI    string // path and query as sent: nothing decoded, nothing cleaned
	Header http.Header
	Body   string
}

// Record starts a Recorder in front of targetURL, such as [Member.URL], and stops it
// when the test ends. The target must be http.
func Record(tb testing.TB, targetURL string) *Recorder {
	tb.Helper()
	target, err := url.Parse(targetURL)
	if err != nil || target.Scheme != "http" {
		tb.Fatalf("etcdtest: cannot record requests to %q: not an http URL", targetURL)
	}
	// Without keep-alives, the member's end of one connection is never met by the
	// next request; and nothing is compressed that was not asked to be.
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	r := &Recorder{}
	r.server = httptest.NewUnstartedServer(r.note(&httputil.ReverseProxy{
		Rewrite:       func(pr *httputil.ProxyRequest) { passOn(pr, target) },
		Transport:     transport,
		FlushInterval: -1, // at once: a long poll's header comes long before its body
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the client sees what it would without a proxy
		},
	}))
	r.server.Config.ConnState = r.count
	r.server.Start()
	tb.Cleanup(func() {
		r.server.CloseClientConnections() // or Close waits for open long polls
		r.server.Close()
	})
	return r
}

// URL returns the URL to send requests to, in place of the member's own.
func (r *Recorder) URL() string { return r.server.URL }

// Requests returns the requests since the start or the last Reset, in the order of
// their arrival. A request is there before the member answers it.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// Connections returns how many connections were accepted since the start or the last
// Reset.
func (r *Recorder) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// Reset forgets all requests and connections so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.connections = nil, 0
}

// note reads the whole request, keeps it, and gives next the same again.
func (r *Recorder) note(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		r.requests = append(r.requests, Request{req.Method, req.RequestURI, req.Header.Clone(), string(body)})
		r.mu.Unlock()
		next.ServeHTTP(w, req)
	})
}

func (r *Recorder) count(_ net.Conn, state http.ConnState) {
	if state != http.StateNew {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections++
}

// passOn sends the request to target. The path keeps its escapes (%2F stays %2F), and
// neither the query nor the headers are cleaned as ReverseProxy would.
func passOn(pr *httputil.ProxyRequest, target *url.URL) {
	pr.Out.URL.Scheme, pr.Out.URL.Host = target.Scheme, target.Host
	pr.Out.URL.RawQuery = pr.In.URL.RawQuery
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := pr.In.Header[name]; ok { // ReverseProxy has removed them
			pr.Out.Header[name] = values
		}
	}
}
