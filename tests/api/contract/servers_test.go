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
	"github.com/etcdv2/client/tests/internal/live"
)

// A release is an etcd version that the suite starts servers of.
type release struct {
	name   string
	binary string
	shared func() *etcdtest.Cluster // one member for the cases that can share it
	three  func() *etcdtest.Cluster // and three members
}

// without34 is set when there is no etcd 3.4 to run on.
var without34 atomic.Bool

// releases returns what there is to run on.
func releases(t *testing.T) []*release {
	all := []*release{{name: "2.3.8", binary: etcdtest.Build(t, etcdtest.Etcd23)}}
	if thorough {
		binary, why := etcd34.find(t)
		if why == "" {
			all = append(all, &release{name: release34(t, binary), binary: binary})
		} else if !without34.Swap(true) {
			fmt.Println("contract: etcd 3.4 is left out:", why)
		}
	}
	all = append(all, &release{name: "3.5.35", binary: etcdtest.Build(t, etcdtest.Etcd35)})
	for _, r := range all {
		options := []etcdtest.Option{etcdtest.WithBinary(r.binary)}
		if r.name == string(etcdtest.Etcd35) {
			options = nil // in this process
		}
		r.shared = sync.OnceValue(func() *etcdtest.Cluster { return etcdtest.Start(t, options...) })
		r.three = sync.OnceValue(func() *etcdtest.Cluster {
			return etcdtest.Start(t, etcdtest.WithBinary(r.binary), etcdtest.WithMembers(3))
		})
	}
	return all
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
	v, err := parseVersion(r.name)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &server{endpoint: endpoint, version: v, http: transport, dir: "/contract-" + strings.ToLower(rand.Text()[:8])}
}
