package watchfaults_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// through begins a scene on a single member whose watch goes to url, while the writer goes to the
// member itself.
func through(t *testing.T, url string, cluster *etcdtest.Cluster) *scene {
	t.Helper()
	watching := etcd.Config{Endpoints: []string{url}, PollTimeout: 2 * time.Second, AttemptTimeout: 2 * time.Second}
	return play(t, live.Connect(t, watching), live.Client(t, cluster.Endpoints()...))
}

// burst writes for a moment as fast as it goes, fewer than the server remembers: what the watch does
// differently then must work through what stands in between, too.
func (s *scene) burst(endpoint string) {
	s.t.Helper()
	flood := &witness.Flood{Endpoint: endpoint, Dir: dir, Writers: 10, Sets: 60, Ledger: s.ledger}
	do(s.t, flood.Run(s.t.Context()))
}

// Every third reply to a watch breaks off in the middle of its JSON.
func TestConnectionCutInMidEvent(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		proxy := faultproxy.New(t, cluster.Endpoints()[0])
		s := through(t, proxy.URL(), cluster)
		var watches atomic.Int64
		proxy.Use(func(req *http.Request) faultproxy.Fault {
			if strings.Contains(req.URL.RawQuery, "wait=true") && watches.Add(1)%3 == 0 {
				return faultproxy.CutEvent
			}
			return faultproxy.Pass
		})
		live.Eventually(t, "events were cut", func() bool { return proxy.Injected()[faultproxy.CutEvent.String()] >= 5 })
		s.burst(cluster.Endpoints()[0])
		live.Eventually(t, "more were cut", func() bool { return proxy.Injected()[faultproxy.CutEvent.String()] >= 8 })
		proxy.Use(faultproxy.Always(faultproxy.Pass))
		s.over()
		s.finish()
	})
}

// What is sent into the hole stays without an answer. Few writes go by meanwhile, so all is still in
// the history afterwards.
func TestConnectionIntoABlackHole(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		link := faultlink.New(t, cluster.Endpoints()[0])
		s := through(t, link.URL(), cluster)
		do(t, link.Break(faultlink.LoseAll))
		lasts(faultLasts)
		link.Heal()
		s.over()
		s.finish()
	})
}

// A firewall has forgotten the connections: they stay open for ever and nothing passes.
func TestConnectionForgotten(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		relay := faultproxy.NewRelay(t, cluster.Endpoints()[0])
		s := through(t, relay.URL(), cluster)
		relay.Forget()
		s.over()
		s.finish()
	})
}

// Each reply ends its connection.
func TestNoKeepAlive(t *testing.T) {
	t.Parallel()
	each(t, 1, func(t *testing.T, cluster *etcdtest.Cluster) {
		proxy := faultproxy.New(t, cluster.Endpoints()[0])
		proxy.Use(faultproxy.Always(faultproxy.PassAndClose))
		s := through(t, proxy.URL(), cluster)
		s.burst(cluster.Endpoints()[0])
		s.over()
		s.finish()
	})
}
