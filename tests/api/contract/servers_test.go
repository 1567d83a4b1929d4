package contract

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/etcd34"
	"github.com/etcdv2/client/tests/internal/live"
)

// A release is an etcd version that the suite starts servers of.
type release struct {
	name    string
	version version
	binary  string
	shared  func() *etcdtest.Cluster // one member for the cases that can share it
	three   func() *etcdtest.Cluster // and three members
}

// without34 is set when there is no etcd 3.4 to run on.
var without34 atomic.Bool

// releases returns what there is to run on.
func releases(t *testing.T) []*release {
	var all []*release
	add := func(name, binary string) { all = append(all, newRelease(t, name, binary)) }
	build := func(v etcdtest.Version) { add(string(v), etcdtest.Build(t, v)) }
	if thorough {
		build(etcdtest.Etcd20)
		build(etcdtest.Etcd33)
		binary, why := etcd34.Etcd.Find(t)
		if why == "" {
			add(etcd34.Release(t, binary), binary)
		} else if !without34.Swap(true) {
			fmt.Println("contract: etcd 3.4 is left out:", why)
		}
	}
	build(etcdtest.Etcd23)
	build(etcdtest.Etcd35)
	return all
}

func newRelease(t *testing.T, name, binary string) *release {
	v, err := parseVersion(name)
	if err != nil {
		t.Fatal(err)
	}
	options := []etcdtest.Option{etcdtest.WithBinary(binary)}
	if name == string(etcdtest.Etcd35) {
		options = nil // in this process
	}
	return &release{
		name: name, version: v, binary: binary,
		shared: sync.OnceValue(func() *etcdtest.Cluster { return etcdtest.Start(t, options...) }),
		three: sync.OnceValue(func() *etcdtest.Cluster {
			return etcdtest.Start(t, etcdtest.WithBinary(binary), etcdtest.WithMembers(3))
		}),
	}
}

// A fixture starts the server that a subject wants, or returns nil if the release has none such.
type fixture func(t *testing.T, r *release) *server

// single is a cluster of one that cases share.
func single(t *testing.T, r *release) *server { return newServer(t, r, r.shared().Endpoints()[0]) }

// alone is a cluster of one that nobody else uses. It is a process: an embedded 3.5 has data races in its statistics,
// and is slow to hash passwords where races are looked for.
func alone(t *testing.T, r *release) *server {
	return newServer(t, r, etcdtest.Start(t, etcdtest.WithBinary(r.binary)).Endpoints()[0])
}

// early is alone, of a release that has no authentication.
func early(t *testing.T, r *release) *server {
	if r.version.in(">=2.1") {
		return nil
	}
	return alone(t, r)
}

// withAuth is alone, of a release that has authentication.
func withAuth(t *testing.T, r *release) *server {
	if r.version.in("<2.1") {
		return nil
	}
	return alone(t, r)
}

// three is the leader of a cluster of three that cases share.
func three(t *testing.T, r *release) *server { return leaderOf(t, r, r.three()) }

// leading is the leader of a cluster of three that nobody else uses. "{follower}" is the id of one that follows.
func leading(t *testing.T, r *release) *server {
	on := leaderOf(t, r, etcdtest.Start(t, etcdtest.WithBinary(r.binary), etcdtest.WithMembers(3)))
	client := live.Client(t, on.endpoint)
	leader := live.Must[etcd.Member](t)(client.Leader(t.Context()))
	for _, m := range live.Must[[]etcd.Member](t)(client.Members(t.Context())) {
		if m.ID != leader.ID {
			on.names = map[string]string{"follower": m.ID}
		}
	}
	return on
}

func leaderOf(t *testing.T, r *release, cluster *etcdtest.Cluster) *server {
	leader, err := cluster.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return newServer(t, r, leader.URL())
}

// follower is one that follows in the shared cluster of three.
func follower(t *testing.T, r *release) *server {
	cluster := r.three()
	leader, err := cluster.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range cluster.Members() {
		if m != leader {
			return newServer(t, r, m.URL())
		}
	}
	panic("all three lead")
}

// survivor is the last of three members, one that did not lead: an etcd 2 that did goes on believing that it does.
func survivor(t *testing.T, r *release) *server {
	if !thorough {
		return nil
	}
	cluster := etcdtest.Start(t, etcdtest.WithBinary(r.binary), etcdtest.WithMembers(3))
	leader, err := cluster.Leader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	followers := slices.DeleteFunc(cluster.Members(), func(m *etcdtest.Member) bool { return m == leader })
	for _, m := range []*etcdtest.Member{leader, followers[1]} {
		if err := m.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	return newServer(t, r, followers[0].URL())
}

// newServer returns an etcd with a directory for the cases.
func newServer(t *testing.T, r *release, endpoint string) *server {
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &server{endpoint: endpoint, version: r.version, http: transport, dir: "/contract-" + strings.ToLower(rand.Text()[:8])}
}
