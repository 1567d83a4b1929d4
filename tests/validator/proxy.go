package validator

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// A Proxy stands between a client and a server and compares what passes with a description, for clients whose
// transport cannot be replaced. Start one with [Transport.Listen].
type Proxy struct {
	server   *http.Server
	listener net.Listener
	target   string
	base     *http.Transport
	done     chan struct{}
}

// Listen starts a proxy on a free port of 127.0.0.1 that passes everything on to the server at target, such as
// "http://10.0.0.1:2379". Paths, queries and headers stay as they are, answers pass as they come, and where the server
// breaks a connection off, so does the proxy. Base of t is not used. Close the proxy in the end.
func (t *Transport) Listen(target string) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	if to.Host == "" {
		return nil, fmt.Errorf("validator: %q is not the URL of a server", target)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		listener: listener, target: target, done: make(chan struct{}),
		base: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, // a kept connection may end at any time
	}
	through := *t
	through.Base = p.base
	p.server = &http.Server{Handler: &httputil.ReverseProxy{
		Transport:     &through,
		FlushInterval: -1, // a watch's header comes long before its event
		ErrorLog:      log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = to.Scheme, to.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery // not cleaned
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}}
	go func() {
		defer close(p.done)
		_ = p.server.Serve(listener) // ends with Close
	}()
	return p, nil
}

// URL returns the URL to use in place of the server's.
func (p *Proxy) URL() string { return "http://" + p.listener.Addr().String() }

// Close stops the proxy and breaks off what is on its way.
func (p *Proxy) Close() error {
	err := p.server.Close()
	<-p.done
	p.base.CloseIdleConnections()
	return err
}
