package cluster_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// A gateway may serve the API elsewhere than below /v2: the whole of it below a path of the
// endpoint, or the versioned part below a prefix in the place of /v2.
func TestBehindAGateway(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for name, test := range map[string]struct {
			served string // the path at the gateway
			means  string // the path at the server
			config func(gateway string) etcd.Config
		}{
			"endpoint with a path": {"/team/a/", "/", func(gateway string) etcd.Config {
				return etcd.Config{Endpoints: []string{gateway + "/team/a/"}}
			}},
			"version prefix": {"/etcd/", "/v2/", func(gateway string) etcd.Config {
				return etcd.Config{Endpoints: []string{gateway}, VersionPrefix: "/etcd"}
			}},
			"no version prefix": {"/", "/v2/", func(gateway string) etcd.Config {
				return etcd.Config{Endpoints: []string{gateway}, VersionPrefix: "/"}
			}},
		} {
			t.Run(name, func(t *testing.T) {
				client, err := etcd.New(test.config(gateway(t, s.Endpoint+test.means, test.served)))
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				key := s.Dir + "/a key/100%"
				must(t)(client.Set(t.Context(), key, name))
				if got := must(t)(s.Client.Get(t.Context(), key)); got.Node.Value != name {
					t.Errorf("read %q", got.Node.Value)
				}
				if machines, err := client.Machines(t.Context()); err != nil || len(machines) != 1 {
					t.Errorf("machines %q, %v", machines, err)
				}
			})
		}
	})
}

// A refresh needs no path beside /v2: it has a way for servers whose version is not known.
func TestRefreshBehindAGatewayWithoutVersion(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		client := live.Client(t, gateway(t, s.Endpoint+"/v2/", "/v2/"))
		must(t)(client.Set(t.Context(), s.Dir, "v", etcd.WithTTL(time.Minute)))
		node := must(t)(client.Refresh(t.Context(), s.Dir, time.Hour)).Node
		if node.Value != "v" || node.TTL <= time.Minute {
			t.Errorf("got %+v", node)
		}
	})
}

// gateway starts a proxy that serves target below path, and returns its URL.
func gateway(t *testing.T, target, path string) string {
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
	}
	server := httptest.NewServer(http.StripPrefix(path[:len(path)-1], proxy))
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	return server.URL
}
