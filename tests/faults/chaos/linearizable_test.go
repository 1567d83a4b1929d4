package chaos_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
)

// Quorum reads, writes and compare-and-swaps behave as on a single machine that does one thing after
// the other, whatever is done to the cluster: what the library reports can be explained that way. In the short form
// only etcd 2.3.8 is tried, which the simulation does not have.
func TestLinearizable(t *testing.T) {
	kinds := []servers{process23}
	if os.Getenv("CHAOS_SECONDS") != "" {
		kinds = append(kinds, process35)
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			r := newRun(t, 5*time.Second)
			n := newNemesis(r, kind.start(t, 3))
			s := &registers{run: r, clients: n.users(), unique: true}
			ctx, cancel := context.WithTimeout(t.Context(), r.lasts)
			defer cancel()
			var tormenting, checking sync.WaitGroup
			tormenting.Go(func() { n.torment(ctx) })
			for ctx.Err() == nil {
				h := s.play(roundLasts)
				checking.Wait() // one check at a time, or they would fall behind unseen
				checking.Go(func() { h.mustBeExplained() })
			}
			tormenting.Wait()
			checking.Wait()
			n.countInjected()
			r.count("violations", 0)
			r.summarize()
		})
	}
}

// mustBeExplained reports the keys whose history cannot be explained.
func (h *history) mustBeExplained() {
	for _, key := range h.violations() {
		h.lie("%s was not linearizable, see %s", key, h.show(key))
	}
	if n := h.counted("histories undecided"); n > 0 {
		h.t.Errorf("%d histories could not be decided within %v", n, checkLimit)
	}
}

// newNemesis puts a link and a proxy, one behind the other, in front of every member.
func newNemesis(r *run, cluster *etcdtest.Cluster) *nemesis {
	n := &nemesis{run: r, cluster: front(r.t, cluster), random: r.random(0)}
	for _, url := range n.cluster.urls() {
		n.links = append(n.links, faultlink.New(r.t, url))
	}
	return n
}

// users returns six clients. Three go through the links and proxies, which take connections for a
// member that is dead; three go to the members themselves, which refuse them then.
func (n *nemesis) users() []*etcd.Client {
	var links []string
	for _, link := range n.links {
		links = append(links, link.URL())
	}
	var clients []*etcd.Client
	for range links {
		clients = append(clients, n.user(links), n.user(n.cluster.Endpoints()))
	}
	return clients
}

// user returns a client that begins with a member of its own choice.
func (n *nemesis) user(endpoints []string) *etcd.Client {
	return live.Connect(n.t, etcd.Config{Endpoints: endpoints, AttemptTimeout: time.Second})
}

// countInjected adds the faults done to single requests to the summary.
func (n *nemesis) countInjected() {
	for _, proxy := range n.cluster.proxies {
		for fault, count := range proxy.Injected() {
			if fault != faultproxy.Pass.String() {
				n.count(fault, count)
			}
		}
	}
}
