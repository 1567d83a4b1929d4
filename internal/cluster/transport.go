package cluster

import (
	"crypto/tls"
	"net"
	"net/http"

	"github.com/etcdv2/client/internal/errs"
)

// idlePerHost is the number of idle connections that are kept for each member. With Go's default of 2,
// concurrent requests would each open a new connection. A server may have 1,024 files open and many clients, so
// it should not be many more than a busy program uses at once.
const idlePerHost = 128

// mostHeaderBytes is the maximum length of the header of a reply. That of etcd is a few hundred bytes long.
const mostHeaderBytes = 64 << 10

// newHTTPClients returns the client that config asks for, one for vital calls, and a function that closes the idle
// connections of their own pools.
//
// Vital calls have a pool of their own. Otherwise polls would take the idle connections of a process that is out of
// files, and keep them: renewals would fail, and all locks would be lost.
func newHTTPClients(config Config, members []*Member) (client, vital *http.Client, release func(), err error) {
	own := config.HTTPClient == nil
	switch {
	case !own && config.TLS != nil:
		return nil, nil, nil, errs.Invalidf("both TLS and HTTPClient are set; configure TLS in the HTTPClient's transport")
	case !own && config.Dial != nil:
		return nil, nil, nil, errs.Invalidf("both Dial and HTTPClient are set; let the HTTPClient's transport dial")
	case !own && config.HTTPClient.Timeout != 0:
		return nil, nil, nil, errs.Invalidf("HTTPClient has a Timeout, which would cut watches; use AttemptTimeout")
	case config.TLS != nil && !anyTLS(members) && config.Discover == nil:
		return nil, nil, nil, errs.Invalidf("TLS is set, but no endpoint begins with https://")
	}
	if own {
		calls, vitals := newTransport(config), newTransport(config)
		client, vital = &http.Client{Transport: calls}, &http.Client{Transport: vitals}
		release = func() {
			calls.CloseIdleConnections()
			vitals.CloseIdleConnections()
		}
	} else {
		copied := *config.HTTPClient
		client, vital, release = &copied, &copied, func() {}
	}
	// Go would follow a 301 reply to a PUT with a GET: the write would seem to succeed but never happen.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, vital, release, nil
}

// roundTrip sends req with client. It avoids the cost of Client.Do, which handles redirects, cookies and a
// Timeout, unless client has a cookie jar or a transport other than *http.Transport.
func roundTrip(client *http.Client, req *http.Request) (*http.Response, error) {
	if transport, ok := client.Transport.(*http.Transport); ok && client.Jar == nil {
		return transport.RoundTrip(req)
	}
	return client.Do(req)
}

func newTransport(config Config) *http.Transport {
	alive := net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive / 3, Count: 3}
	dial := dialFunc((&net.Dialer{Timeout: dialTimeout, KeepAliveConfig: alive}).DialContext)
	if config.Dial != nil {
		dial = config.Dial
	}
	// Use only HTTP/1.1, where an abandoned attempt closes its connection. With HTTP/2, all attempts would
	// continue to share a connection to a member that no longer answers.
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            tracking(dial),
		Protocols:              protocols,
		TLSClientConfig:        withoutALPN(config.TLS),
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: mostHeaderBytes,
		DisableCompression:     true, // see checkEncoding
	}
}

// withoutALPN returns a copy of config that offers no protocols. Another client that has used config may have
// added "h2" to it, which this client does not speak.
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

// mostWrappers is how many transports may be wrapped around each other. It ends a circle.
const mostWrappers = 64

// reportsConnections returns whether client reports through httptrace that it is about to use a connection: its
// transport is an *http.Transport, or wraps one. A wrapper has a method Unwrap that returns what it wraps.
func reportsConnections(client *http.Client) (reports, wrapped bool) {
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport // which a program may have replaced
	}
	for range mostWrappers {
		if _, ok := transport.(*http.Transport); ok {
			return true, wrapped
		}
		wrapper, ok := transport.(interface{ Unwrap() http.RoundTripper })
		if !ok {
			break
		}
		transport, wrapped = wrapper.Unwrap(), true
	}
	return false, wrapped
}
