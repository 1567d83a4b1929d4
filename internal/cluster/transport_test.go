package cluster

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// wrapper is a transport that names the one that it wraps.
type wrapper struct {
	http.RoundTripper
	wraps http.RoundTripper
}

func (w wrapper) Unwrap() http.RoundTripper { return w.wraps }

// circle is a transport that wraps itself.
type circle struct{ http.RoundTripper }

func (c circle) Unwrap() http.RoundTripper { return c }

func TestOnlyNetHTTPsOwnTransportReportsConnections(t *testing.T) {
	own := &http.Transport{}
	for name, test := range map[string]struct {
		transport        http.RoundTripper
		reports, wrapped bool
	}{
		"default":                 {nil, true, false},
		"http.Transport":          {own, true, false},
		"another":                 {transport(nil), false, false},
		"wrapped":                 {wrapper{wraps: own}, true, true},
		"wrapped twice":           {wrapper{wraps: wrapper{wraps: own}}, true, true},
		"another that is wrapped": {wrapper{wraps: transport(nil)}, false, true},
		"wrapper of nothing":      {wrapper{}, false, true},
		"circle":                  {circle{}, false, true},
	} {
		reports, wrapped := reportsConnections(&http.Client{Transport: test.transport})
		check(t, name, reports, test.reports)
		check(t, name+", wrapped", wrapped, test.wrapped)
	}
}

// A program may have replaced http.DefaultTransport with its own.
func TestReplacedDefaultTransportReportsNothing(t *testing.T) {
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = transport(nil)
	reports, _ := reportsConnections(&http.Client{})
	check(t, "reports", reports, false)
}

// A wrapper that sends a request again may have sent it before the connection that was refused.
func TestWrapperThatSendsAgainLeavesTheOutcomeUnknown(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	inner := &http.Transport{DisableKeepAlives: true}
	dials := 0
	inner.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > 1 {
			return nil, fakenet.Refused()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	for _, test := range []struct {
		sends int
		want  Outcome
	}{{2, Unknown}, {1, NotSent}} { // the second time every connection is refused
		again := transport(func(req *http.Request) (resp *http.Response, err error) {
			for range test.sends {
				if resp, err = inner.RoundTrip(req.Clone(req.Context())); err == nil {
					return resp, nil
				}
			}
			return nil, err
		})
		c := newCluster(t, Config{Endpoints: []string{s.URL}, HTTPClient: &http.Client{Transport: wrapper{again, inner}}})
		call := newCall(t, "PUT", "/v2/keys/k", "")
		check(t, "outcome", c.Do(t.Context(), call).Outcome, test.want)
	}
}

// A tls.Config that another client has used may offer HTTP/2.
func TestProtocolsOfAnotherClientAreNotOffered(t *testing.T) {
	var protocol string
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocol = r.Proto
		text(200, 7, "")(w, r)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	shared := &tls.Config{
		RootCAs:    s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
		NextProtos: []string{"h2", "http/1.1"},
	}
	c := newCluster(t, Config{Endpoints: []string{s.URL}, TLS: shared})
	call := newCall(t, "PUT", "/v2/keys/k", "value=v")
	result := c.Do(t.Context(), call)
	check(t, "outcome", result.Outcome, Done)
	check(t, "protocol", protocol, "HTTP/1.1")
	check(t, "the caller's configuration", shared.NextProtos, []string{"h2", "http/1.1"})
	if result.Err != nil {
		t.Error(result.Err)
	}
}

// Load balancers close idle connections after 60 s. A request that meets that has an unknown outcome.
func TestIdleConnectionIsClosedBeforeALoadBalancerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fakenet.Network
		network.Serve(t, "a", server(text(200, 7, "")))
		connections := 0
		dial := func(ctx context.Context, protocol, address string) (net.Conn, error) {
			connections++
			return network.Dial(ctx, protocol, address)
		}
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: dial})
		for _, step := range []struct {
			idle time.Duration
			want int
		}{{0, 1}, {45 * time.Second, 1}, {59 * time.Second, 2}} {
			<-time.After(step.idle)
			check(t, "outcome", c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "value=v")).Outcome, Done)
			check(t, "connections", connections, step.want)
		}
	})
}

// counted is a connection that counts itself while it is open.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// Many clients share the files of a server.
func TestFewIdleConnectionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network fakenet.Network
		network.Serve(t, "a", &slow{})
		var open atomic.Int64
		dial := func(ctx context.Context, protocol, address string) (net.Conn, error) {
			conn, err := network.Dial(ctx, protocol, address)
			if err != nil {
				return nil, err
			}
			open.Add(1)
			return &counted{Conn: conn, open: &open}, nil
		}
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: dial})
		var calls sync.WaitGroup
		for range 200 {
			calls.Go(func() { c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "")) })
		}
		synctest.Wait()
		check(t, "connections while calls are in flight", open.Load(), int64(200))
		calls.Wait()
		synctest.Wait()
		check(t, "connections afterwards", open.Load(), int64(128))
	})
}

// compressed answers as a proxy does that compresses everything.
func compressed(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var packed bytes.Buffer
		packer := gzip.NewWriter(&packed)
		_, _ = packer.Write([]byte(body)) // a bytes.Buffer takes everything
		packer.Close()
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("X-Etcd-Index", "7")
		w.WriteHeader(status)
		_, _ = w.Write(packed.Bytes()) // the client may have gone
	}
}

// The error says what it was; the bytes say nothing.
func TestCompressedBodyIsNoAnswer(t *testing.T) {
	for _, status := range []int{200, 404, 500} {
		for _, method := range []string{"GET", "PUT", "HEAD"} {
			for _, wait := range []bool{false, true} {
				s := httptest.NewServer(compressed(status, `{"action":"get"}`))
				c := newCluster(t, Config{Endpoints: []string{s.URL}})
				call := newCall(t, method, "/v2/keys/k", "")
				call.Read, call.Wait = method != "PUT", wait
				result := c.Do(t.Context(), call)
				if result.Open != nil {
					result.Open.Close()
				}
				if method == "HEAD" { // it has no body
					check(t, "answered", result.Settled() || status == 500, true)
				} else if result.Outcome != Unknown || !strings.Contains(result.Err.Error(), `in the encoding "gzip"`) {
					t.Errorf("%s, %d: %v, %v", method, status, result.Outcome, result.Err)
				}
				c.Close()
				s.Close()
			}
		}
	}
}

// A client that asks for compression decodes what it gets.
func TestCompressedBodyIsReadByAClientThatAsksForIt(t *testing.T) {
	s := httptest.NewServer(compressed(200, "text"))
	t.Cleanup(s.Close)
	own := &http.Transport{}
	t.Cleanup(own.CloseIdleConnections)
	c := newCluster(t, Config{Endpoints: []string{s.URL}, HTTPClient: &http.Client{Transport: own}})
	check(t, "outcome", c.Do(t.Context(), newCall(t, "GET", "/v2/keys/k", "")).Outcome, Done)
}

// readTwice reads from a server with client, and returns the headers of the two requests.
func readTwice(t *testing.T, client *http.Client) (headers []http.Header) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1"})
		text(200, 7, "")(w, r)
	}))
	t.Cleanup(s.Close)
	c := newCluster(t, Config{Endpoints: []string{s.URL}, HTTPClient: client})
	for range 2 {
		call := newCall(t, "GET", "/v2/keys/k", "")
		call.Read = true
		check(t, "outcome", c.Do(t.Context(), call).Outcome, Done)
	}
	return headers
}

// A gateway may want them.
func TestCookiesAreKeptByTheCallersClient(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	headers := readTwice(t, &http.Client{Transport: transport, Jar: jar})
	check(t, "cookies", headers[1].Values("Cookie"), []string{"session=s1"})
	headers = readTwice(t, nil)
	check(t, "cookies of the cluster's own client", headers[1].Values("Cookie"), []string(nil))
}

// A proxy that compresses holds events back.
func TestNothingCompressedIsAskedFor(t *testing.T) {
	check(t, "Accept-Encoding", readTwice(t, nil)[0].Values("Accept-Encoding"), []string(nil))
}
