package validator

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// A Proxy stands between a client and a server and compares what passes with a description, for clients whose
// transport cannot be replaced. Start one with [Transport.Listen].
type Proxy struct {
	server   *http.Server
	listener net.Listener
	base     http.RoundTripper
	running  sync.WaitGroup // the server

	mu       sync.Mutex
	closed   bool
	handlers sync.WaitGroup
}

// Listen starts a proxy on a free port of 127.0.0.1 that passes everything on to the server at target, such as
// "http://10.0.0.1:2379" or, behind a gateway, "https://gateway/etcd". Paths, queries and headers stay as they are,
// except headers that concern one connection only. Answers pass as they come, and where the server breaks a connection
// off, so does the proxy; t.ReportError is told why.
//
// The proxy uses Base, for example with an authority of one's own in its TLSClientConfig. If it is an *http.Transport,
// the proxy has a copy that neither keeps connections nor asks for compression. Close the proxy in the end.
func (t *Transport) Listen(target string) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" ||
		to.User != nil || to.RawQuery != "" || to.Fragment != "" {
		return nil, errors.New("validator: the target of a proxy is a URL such as http://10.0.0.1:2379 or https://gateway/etcd")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, base: baseOfProxy(t.Base)}
	through := *t
	through.Base = p.base
	through.Prefix = strings.TrimSuffix(to.EscapedPath(), "/") + t.Prefix
	life, end := context.WithCancel(context.Background())
	p.server = &http.Server{
		ErrorLog:    log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return life },
		Handler: p.counted(&httputil.ReverseProxy{
			Transport:     &through,
			FlushInterval: -1, // a watch's header comes long before its event
			ErrorLog:      log.New(io.Discard, "", 0),
			Rewrite:       func(r *httputil.ProxyRequest) { passOn(r, to) },
			ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		}),
	}
	p.running.Go(func() {
		defer end()
		_ = p.server.Serve(listener) // ends with Close
	})
	return p, nil
}

// baseOfProxy returns what sends the requests of a proxy: a kept connection could end at any time, and a request for
// compression would come from the proxy and not from the client.
func baseOfProxy(base http.RoundTripper) http.RoundTripper {
	own := &http.Transport{}
	switch base := base.(type) {
	case nil:
	case *http.Transport:
		own = base.Clone()
	default:
		return base
	}
	own.DisableCompression, own.DisableKeepAlives = true, true
	return own
}

// passOn sends the request to the target as it came.
func passOn(r *httputil.ProxyRequest, to *url.URL) {
	r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host
	r.Out.URL.RawQuery = r.In.URL.RawQuery // not cleaned
	r.Out.URL.Path = strings.TrimSuffix(to.Path, "/") + r.In.URL.Path
	r.Out.URL.RawPath = strings.TrimSuffix(to.EscapedPath(), "/") + r.In.URL.EscapedPath()
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if sent, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = sent // ReverseProxy drops them
		}
	}
}

// counted lets Close wait for requests on their way, and keeps net/http from adding headers.
func (p *Proxy) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !p.begin() {
			panic(http.ErrAbortHandler)
		}
		defer p.handlers.Done()
		w.Header()["Content-Type"], w.Header()["Date"] = nil, nil
		next.ServeHTTP(w, req)
	})
}

func (p *Proxy) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.handlers.Add(1)
	return true
}

// URL returns the URL to use in place of the server's.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Close stops the proxy and breaks off what is on its way. Nothing is reported or recorded after it has returned, so it
// must not be called by Report or Record.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.server.Close()
	p.running.Wait()
	p.handlers.Wait()
	if base, ok := p.base.(*http.Transport); ok {
		base.CloseIdleConnections()
	}
	return err
}
