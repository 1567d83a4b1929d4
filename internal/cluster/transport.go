package cluster

import (
	"crypto/tls"
	"net"
	"net/http"

	"github.com/etcdv2/client/internal/errs"
)

// idlePerHost is how many idle connections to a member are kept. With Go's default of 2, any concurrency
// opens a connection for each request, and each watch has one.
const idlePerHost = 1024

// newHTTPClient returns the client that config asks for and what closes its idle connections.
func newHTTPClient(config Config, members []*Member) (*http.Client, func(), error) {
	own := config.HTTPClient == nil
	switch {
	case !own && config.TLS != nil:
		return nil, nil, errs.Invalidf("both TLS and HTTPClient given; set TLS in the HTTPClient's transport")
	case !own && config.HTTPClient.Timeout != 0:
		return nil, nil, errs.Invalidf("the HTTPClient has a Timeout, which would cut watches; use AttemptTimeout")
	case config.TLS != nil && !anyTLS(members) && config.Discover == nil:
		return nil, nil, errs.Invalidf("TLS given, but no endpoint begins with https://")
	}
	client, release := &http.Client{}, func() {}
	if own {
		transport := newTransport(config)
		client.Transport, release = transport, transport.CloseIdleConnections
	} else {
		*client = *config.HTTPClient
	}
	// Go would follow a 301 of a PUT with a GET: a write that "succeeds" and never happened.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, release, nil
}

// roundTrip sends req by client. What Client.Do adds to a transport is for redirects, cookies and a Timeout:
// without cookies it only costs.
func roundTrip(client *http.Client, req *http.Request) (*http.Response, error) {
	if transport, ok := client.Transport.(*http.Transport); ok && client.Jar == nil {
		return transport.RoundTrip(req)
	}
	return client.Do(req)
}

func newTransport(config Config) *http.Transport {
	alive := net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive / 3, Count: 3}
	dial := (&net.Dialer{Timeout: dialTimeout, KeepAliveConfig: alive}).DialContext
	if config.Dial != nil {
		dial = config.Dial
	}
	// HTTP/1.1 only: an attempt that is given up closes its connection. On HTTP/2 all would go on sharing one
	// that leads to a member that no longer answers.
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		Protocols:           protocols,
		TLSClientConfig:     withoutALPN(config.TLS),
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true, // etcd never compresses, and a proxy that does holds events back
	}
}

// withoutALPN returns a copy of config that offers no protocols. Another client that has used config may have
// put "h2" into it, which this one does not speak.
func withoutALPN(config *tls.Config) *tls.Config {
	if config = config.Clone(); config != nil {
		config.NextProtos = nil
	}
	return config
}

func anyTLS(members []*Member) bool {
	for _, m := range members {
		if m.base.Scheme == "https" {
			return true
		}
	}
	return false
}

// reportsConnections reports whether client tells, by httptrace, that it is about to use a connection.
func reportsConnections(client *http.Client) bool {
	if client.Transport == nil {
		return true
	}
	_, ok := client.Transport.(*http.Transport)
	return ok
}
