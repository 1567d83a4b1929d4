package gateway_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	clients  = 8
	gateways = 3 // of each client
	endKey   = dir + "/end"

	ownAnswers = 10 // of a hundred requests
)

// Gateways answer one in ten requests by themselves: with everything that gateways say, with the member's
// answers to other requests, and with answers of another cluster. They answer half of these writes after the
// member has applied them. They also lose requests and replies. Whatever the library says about a call must
// be true.
func TestGatewaysThatAnswerThemselves(t *testing.T) {
	other := embedded35.start(t, 1)
	onEach(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		r := newRun(t, steps(t))
		s := newScene(r, cluster, other, ownAnswers, nil)
		s.play()
		s.audit().check()
		r.summarize()
	})
}

// scene is a cluster and its clients. Each client has a gateway of its own in front of each member.
type scene struct {
	*run
	direct    *etcd.Client // past the gateways
	history   *history
	recording sync.WaitGroup
	clients   []*client
}

// newScene starts the history, the gateways and the clients. The clients know the cluster's ID already, half
// of them from their configuration; TestOneEndpointIsNotEtcd has clients that do not. Own is the number of
// requests in a hundred that gateways answer themselves.
func newScene(r *run, cluster, other *etcdtest.Cluster, own int, planted bug) *scene {
	s := &scene{run: r, direct: live.Client(r.t, cluster.Endpoints()...)}
	root := s.awaitQuiet(len(cluster.Members()))
	s.history = newHistory(dir, root.Index)
	s.recording.Go(func() { s.history.record(r.t.Context(), cluster.Endpoints()[0], endKey) })
	r.t.Cleanup(s.recording.Wait)
	live.Must[*etcd.Response](r.t)(s.direct.Set(r.t.Context(), stable, "stable"))
	archives := map[string]*archive{}
	for _, m := range cluster.Members() {
		archives[m.Name()] = &archive{}
	}
	for id := range clients {
		c := &client{run: r, id: id, history: s.history, trail: &trail{}, random: r.random(id), bug: planted, last: map[string]*etcd.Node{}}
		config := etcd.Config{AttemptTimeout: attempt, ClusterID: []string{"", root.ClusterID}[id%2]}
		for i := range gateways {
			m := cluster.Members()[i%len(cluster.Members())]
			g := &gateway{
				run: r, name: m.Name(), member: m.URL(), other: other.Endpoints()[0],
				archive: archives[m.Name()], trail: c.trail, own: own, random: r.random(clients + gateways*id + i),
			}
			g.open(r.t)
			c.gateways = append(c.gateways, g)
			config.Endpoints = append(config.Endpoints, g.server.URL)
		}
		c.meet(config)
		s.clients = append(s.clients, c)
	}
	return s
}

// awaitQuiet waits until the cluster no longer writes to the store by itself, and returns the root. After a
// start each member writes its URLs, and the leader writes the version of the cluster: a lower one at first if
// it does not know the versions of all members yet, which it corrects within 5 s.
func (s *scene) awaitQuiet(members int) *etcd.Response {
	live.Eventually(s.t, "the members have introduced themselves", func() bool {
		list := live.Must[[]etcd.Member](s.t)(s.direct.Members(s.t.Context()))
		version := live.Must[etcd.Version](s.t)(s.direct.Version(s.t.Context()))
		known := slices.DeleteFunc(list, func(m etcd.Member) bool { return m.Name == "" || len(m.ClientURLs) == 0 })
		return len(known) == members && minor(version.Cluster) == minor(version.Server)
	})
	return live.Must[*etcd.Response](s.t)(s.direct.Get(s.t.Context(), "/", etcd.WithQuorum()))
}

// minor returns a version without its last number.
func minor(version string) string { return version[:max(0, strings.LastIndex(version, "."))] }

// meet connects a client while its gateways still pass everything on.
func (c *client) meet(config etcd.Config) {
	for i, g := range c.gateways {
		g.next = c.gateways[(i+1)%len(c.gateways)]
	}
	c.Client = live.Connect(c.t, config)
	live.Must[*etcd.Response](c.t)(c.Get(c.t.Context(), stable, etcd.WithQuorum()))
}

// play makes the clients' calls and returns when the history is complete.
func (s *scene) play() {
	var working sync.WaitGroup
	for _, c := range s.clients {
		for _, g := range c.gateways {
			g.active.Store(true)
		}
		working.Go(func() { c.work(s.t.Context(), s.steps/clients) })
	}
	working.Wait()
	for _, c := range s.clients {
		for _, g := range c.gateways {
			g.close()
		}
	}
	live.Must[*etcd.Response](s.t)(s.direct.Set(s.t.Context(), endKey, "end"))
	s.recording.Wait()
	if s.history.err != nil {
		s.t.Fatalf("the history, at %d: %v", s.history.last, s.history.err)
	}
}

// audit returns the audit of all calls.
func (s *scene) audit() *audit {
	var calls []*call
	for _, c := range s.clients {
		calls = append(calls, c.calls...)
	}
	return newAudit(s.run, s.history, calls)
}
