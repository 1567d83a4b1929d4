package cluster_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// switchboard is a proxy that can be put before another server while clients use it.
type switchboard struct {
	url    string
	target atomic.Pointer[url.URL]
}

func newSwitchboard(t *testing.T, target string) *switchboard {
	s := &switchboard{}
	s.to(t, target)
	transport := &http.Transport{}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(s.target.Load()) },
	})
	t.Cleanup(func() {
		server.Close()
		transport.CloseIdleConnections()
	})
	s.url = server.URL
	return s
}

func (s *switchboard) to(t *testing.T, target string) {
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	s.target.Store(u)
}

func TestAnswersOfAnotherCluster(t *testing.T) {
	ours, other := etcdtest.Start(t, etcdtest.WithMembers(3)), etcdtest.Start(t)
	must(t)(live.Client(t, other.Endpoints()...).Set(t.Context(), "/a", "other"))
	id := must(t)(live.Client(t, ours.Endpoints()...).Set(t.Context(), "/a", "ours")).ClusterID

	t.Run("not the expected", func(t *testing.T) {
		client := live.Connect(t, etcd.Config{Endpoints: other.Endpoints(), ClusterID: id})
		if _, err := client.Get(t.Context(), "/a"); !errors.Is(err, etcd.ErrWrongCluster) {
			t.Errorf("read: %v", err)
		}
		if _, err := client.Set(t.Context(), "/a", "lost"); !errors.Is(err, etcd.ErrWrongCluster) || !errors.Is(err, etcd.ErrOutcomeUnknown) {
			t.Errorf("write: %v", err)
		}
		if _, err := client.WatchOnce(t.Context(), "/a"); !errors.Is(err, etcd.ErrWrongCluster) {
			t.Errorf("watch: %v", err)
		}
	})
	t.Run("a stranger among the endpoints", func(t *testing.T) {
		client := live.Connect(t, etcd.Config{Endpoints: append(other.Endpoints(), ours.Endpoints()[0]), ClusterID: id})
		for range 10 {
			if got := must(t)(client.Get(t.Context(), "/a")); got.Node.Value != "ours" {
				t.Errorf("read %q", got.Node.Value)
			}
		}
	})
	t.Run("changed on the way", func(t *testing.T) {
		board := newSwitchboard(t, ours.Endpoints()[0])
		client, any := live.Connect(t, etcd.Config{Endpoints: []string{board.url}}),
			live.Connect(t, etcd.Config{Endpoints: []string{board.url}, ClusterID: etcd.AnyCluster})
		must(t)(client.Get(t.Context(), "/a"))
		must(t)(any.Get(t.Context(), "/a"))
		board.to(t, other.Endpoints()[0])
		if _, err := client.Get(t.Context(), "/a"); !errors.Is(err, etcd.ErrWrongCluster) {
			t.Errorf("read: %v", err)
		}
		must(t)(any.Get(t.Context(), "/a"))
		board.to(t, ours.Endpoints()[1])
		must(t)(client.Get(t.Context(), "/a"))
	})
}
