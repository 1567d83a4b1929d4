package gateway_test

import (
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// The library's own transport speaks HTTP/1.1 with a gateway that offers HTTP/2, for calls and watches, even
// with a tls.Config to which another client has added "h2".
func TestHTTP1WhereHTTP2IsOffered(t *testing.T) {
	server := live.Latest(t)
	g := newSecureGateway(t, server.Endpoint)
	trust := g.server.Client().Transport.(*http.Transport).TLSClientConfig
	resp := live.Must[*http.Response](t)(g.server.Client().Get(g.server.URL + "/version"))
	resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Fatalf("the gateway speaks %s with a client that can speak HTTP/2", resp.Proto)
	}
	for name, config := range map[string]*tls.Config{
		"roots only":       {RootCAs: trust.RootCAs},
		"another client's": {RootCAs: trust.RootCAs, NextProtos: []string{"h2", "http/1.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			g.forget()
			client := live.Connect(t, etcd.Config{Endpoints: []string{g.server.URL}, TLS: config})
			written := live.Must[*etcd.Response](t)(client.Set(t.Context(), server.Dir+"/key", "1"))
			live.Must[*etcd.Response](t)(client.Get(t.Context(), server.Dir+"/key"))
			live.Must[[]etcd.Member](t)(client.Members(t.Context()))
			var writing sync.WaitGroup
			defer writing.Wait()
			writing.Go(func() {
				if _, err := server.Client.Set(t.Context(), server.Dir+"/key", "2"); err != nil {
					t.Error(err)
				}
			})
			event := live.Must[*etcd.Response](t)(client.WatchOnce(t.Context(), server.Dir+"/key", etcd.WithAfterIndex(written.Index)))
			if event.Node.Value != "2" {
				t.Errorf("the watch tells %+v", event.Node)
			}
			if spoken := g.forget(); !slices.Equal(spoken, []string{"HTTP/1.1"}) {
				t.Errorf("the library speaks %v", spoken)
			}
		})
	}
}

// secureGateway is a TLS proxy in front of a member. It records the protocols of its clients.
type secureGateway struct {
	server *httptest.Server

	mu     sync.Mutex
	spoken map[string]bool
}

func newSecureGateway(t *testing.T, member string) *secureGateway {
	t.Helper()
	g := &secureGateway{spoken: map[string]bool{}}
	target := live.Must[*url.URL](t)(url.Parse(member))
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	g.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.note(r.Proto)
		proxy.ServeHTTP(w, r)
	}))
	g.server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients may leave during a handshake
	g.server.EnableHTTP2 = true
	g.server.StartTLS()
	t.Cleanup(func() {
		g.server.CloseClientConnections()
		g.server.Close()
	})
	return g
}

func (g *secureGateway) note(protocol string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spoken[protocol] = true
}

// forget returns the protocols since the last call of forget.
func (g *secureGateway) forget() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	spoken := slices.Sorted(maps.Keys(g.spoken))
	clear(g.spoken)
	return spoken
}
