package validator

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// A Transport is an [http.RoundTripper] that compares what passes through it with a description. It changes nothing:
// findings are reported, never returned. It may be used concurrently if Base may.
type Transport struct {
	// Base does the requests. nil is http.DefaultTransport.
	Base http.RoundTripper
	// Spec is the description to compare with.
	Spec *Spec
	// Report is told of each finding when it is made, from several goroutines at a time. A watch's event is reported
	// on while the watch goes on. nil tells nobody.
	Report func(Finding)
	// Record is given each exchange when its answer's body has ended or was closed; bodies are held in memory until
	// then. Credentials and passwords are in them. nil keeps nothing.
	Record func(*Exchange)
	// Ignore names response headers that are no findings although they are not declared, such as those that a proxy
	// adds, in their canonical spelling. Connection, Content-Length, Content-Type and Date always are.
	Ignore []string
}

// RoundTrip does the request as Base does it.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	e := &Exchange{Method: req.Method, URL: req.URL, RequestHeader: req.Header.Clone()}
	if e.Method == "" {
		e.Method = http.MethodGet
	}
	req, err := keepBody(req, e)
	if err != nil {
		return nil, err
	}
	p := &passage{transport: t, check: t.Spec.newCheck(e, t.Ignore)}
	p.step((*check).request)
	resp, err := t.base().RoundTrip(req)
	if err != nil {
		return resp, err
	}
	e.Status, e.ResponseHeader = resp.StatusCode, resp.Header.Clone()
	p.step((*check).head)
	p.body = resp.Body
	resp.Body = p
	return resp, nil
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

// keepBody notes the request's body and returns a request that still has it.
func keepBody(req *http.Request, e *Exchange) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	defer req.Body.Close()
	var err error
	if e.RequestBody, err = io.ReadAll(req.Body); err != nil {
		return nil, err
	}
	clone := req.Clone(req.Context())
	clone.Body = io.NopCloser(bytes.NewReader(e.RequestBody))
	return clone, nil
}

// A passage is an answer's body on its way to the reader.
type passage struct {
	transport *Transport
	body      io.ReadCloser

	mu       sync.Mutex // a body may be closed while it is read
	check    *check
	reported int
	ended    bool
}

// step takes the check one step further and reports what that found.
func (p *passage) step(do func(*check)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	do(p.check)
	fresh := p.check.findings[p.reported:]
	p.reported = len(p.check.findings)
	if p.transport.Report == nil {
		return
	}
	for _, f := range fresh {
		p.transport.Report(f)
	}
}

func (p *passage) Read(into []byte) (int, error) {
	n, err := p.body.Read(into)
	p.step(func(c *check) {
		if p.transport.Record != nil {
			c.exchange.ResponseBody = append(c.exchange.ResponseBody, into[:n]...)
		}
		c.body(into[:n])
	})
	if err != nil {
		p.end(err != io.EOF)
	}
	return n, err
}

// Close ends the exchange. If the body was not read to its end, what is missing is no finding.
func (p *passage) Close() error {
	p.end(true)
	return p.body.Close()
}

func (p *passage) end(cut bool) {
	p.step(func(c *check) {
		c.exchange.Cut = cut
		c.end()
	})
	p.mu.Lock()
	first := !p.ended
	p.ended = true
	p.mu.Unlock()
	if first && p.transport.Record != nil {
		p.transport.Record(p.check.exchange)
	}
}
