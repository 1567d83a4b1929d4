package validator

import (
	"bytes"
	"io"
	"net/http"
)

// defaultMaxBody is what MaxBody is if it is not set. To check a document takes some twenty times its length.
const defaultMaxBody = 16 << 20

// A Transport is an [http.RoundTripper] that compares what passes through it with a description. It changes nothing:
// findings are reported, never returned. It may be used concurrently if Base may.
type Transport struct {
	// Base does the requests. Nil is http.DefaultTransport, and for a Proxy a transport of its own.
	Base http.RoundTripper
	// Spec is the description to compare with.
	Spec *Spec
	// Prefix is in front of the API's paths, such as "/etcd" behind a gateway. It does not end with a slash.
	Prefix string
	// Report is told of each finding when it is made, from several goroutines at a time. A watch's event is reported
	// on while the watch goes on. Report may close the body of the answer. If it is nil, findings are dropped.
	Report func(Finding)
	// Record is given each exchange when its answer's body has ended or was closed; bodies are held in memory until
	// then. Credentials and passwords are in them. Nil keeps nothing.
	Record func(*Exchange)
	// ReportError is told why a request has no answer or an answer has broken off. The program sees the same error,
	// unless it is at the other end of a Proxy. If it is nil, errors are dropped.
	ReportError func(error)
	// Ignore names headers, in their canonical spelling, that are not reported although they are not declared, such as
	// those that a proxy adds. Headers that clients and servers add to every message, such as Date, are never reported.
	Ignore []string
	// MaxBody is the length of the longest request body, document of an answer and recorded body that is held in
	// memory. What is longer passes, and a finding says that it was not checked. Zero means 16 MiB.
	MaxBody int
}

// RoundTrip does the request as Base does it.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	e := &Exchange{Method: req.Method, URL: req.URL, Prefix: t.Prefix, RequestHeader: req.Header.Clone()}
	if e.Method == "" {
		e.Method = http.MethodGet
	}
	sent, err := t.keepBody(req, e)
	if err != nil {
		return nil, err
	}
	p := &passage{transport: t, check: t.Spec.newCheck(e, t.Ignore, t.maxBody())}
	p.step((*check).request)
	resp, err := t.base().RoundTrip(sent)
	if err != nil {
		t.reportError(err)
		return resp, err
	}
	resp.Request = req // as Base would do
	e.Status, e.ResponseHeader = resp.StatusCode, resp.Header.Clone()
	p.step((*check).head)
	p.body = resp.Body
	resp.Body = p
	if upgraded, ok := p.body.(io.Writer); ok { // the answer is 101
		resp.Body = upgrade{p, upgraded}
	}
	return resp, nil
}

// Unwrap returns Base, so that package etcd can see whether the transport beneath has sent a request.
func (t *Transport) Unwrap() http.RoundTripper { return t.base() }

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

func (t *Transport) maxBody() int {
	if t.MaxBody > 0 {
		return t.MaxBody
	}
	return defaultMaxBody
}

func (t *Transport) reportError(err error) {
	if t.ReportError != nil {
		t.ReportError(err)
	}
}

// keepBody notes the request's body and returns a request that still has it.
func (t *Transport) keepBody(req *http.Request, e *Exchange) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	most := t.maxBody()
	begin, err := io.ReadAll(io.LimitReader(req.Body, int64(most)+1))
	if err != nil {
		req.Body.Close()
		return nil, err
	}
	sent := req.Clone(req.Context())
	if len(begin) <= most {
		e.RequestBody = begin
		req.Body.Close()
		sent.Body = io.NopCloser(bytes.NewReader(begin))
		return sent, nil
	}
	e.RequestBody, e.requestCut = begin[:most], true
	sent.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), req.Body), req.Body}
	return sent, nil
}
