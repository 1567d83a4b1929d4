package etcd

import (
	"net"
	"net/http"
	"time"
)

// How connections are made and kept.
const (
	dialTimeout  = 3 * time.Second
	keepAlive    = 10 * time.Second
	idleTimeout  = 90 * time.Second
	idlePerHost  = 1024 // Go's default of 2 opens a connection per request under any concurrency, and each watch has one
	maxFormBytes = 10 << 20
)

// newHTTPClient returns the client that config asks for and what closes its idle connections.
func newHTTPClient(config Config, members []*member) (*http.Client, func(), error) {
	own := config.HTTPClient == nil
	switch {
	case !own && config.TLS != nil:
		return nil, nil, invalidf("both TLS and HTTPClient given; set TLS in the HTTPClient's transport")
	case !own && config.HTTPClient.Timeout != 0:
		return nil, nil, invalidf("the HTTPClient has a Timeout, which would cut watches; use AttemptTimeout")
	case config.TLS != nil && !anyTLS(members) && config.Discovery.Domain == "":
		return nil, nil, invalidf("TLS given, but no endpoint begins with https://")
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

// exchange sends req by client. What Client.Do adds to a transport is for redirects, cookies and a
// Timeout: without cookies it only costs.
func exchange(client *http.Client, req *http.Request) (*http.Response, error) {
	if transport, ok := client.Transport.(*http.Transport); ok && client.Jar == nil {
		return transport.RoundTrip(req)
	}
	return client.Do(req)
}

func newTransport(config Config) *http.Transport {
	// A connection that was lost without a trace, as a firewall forgets one, is found out in 20 s.
	alive := net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive / 3, Count: 3}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAliveConfig: alive}
	// HTTP/1.1 only: an attempt that is given up takes its connection with it. On HTTP/2 all
	// would go on sharing one that leads to a member which no longer answers.
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		Protocols:           protocols,
		TLSClientConfig:     config.TLS.Clone(),
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: idlePerHost,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true, // etcd never compresses, and a proxy that does holds events back
	}
}

func anyTLS(members []*member) bool {
	for _, m := range members {
		if m.base.Scheme == "https" {
			return true
		}
	}
	return false
}
