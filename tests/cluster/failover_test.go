package cluster_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// must returns the response of a call that has to work.
func must(t *testing.T) func(*etcd.Response, error) *etcd.Response {
	return live.Must[*etcd.Response](t)
}

func TestWorkGoesOnWithoutTheLeader(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := live.Client(t, cluster.Endpoints()...)
	must(t)(client.Set(t.Context(), "/a", "before"))
	leader := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	for i := range 10 {
		must(t)(client.Set(t.Context(), "/a", fmt.Sprint(i)))
		if got := must(t)(client.Get(t.Context(), "/a", etcd.WithQuorum())); got.Node.Value != fmt.Sprint(i) {
			t.Errorf("read %q after writing %d", got.Node.Value, i)
		}
	}
}

// Reads and writes both go past members that refuse connections, wherever they stand in the list.
func TestRefusingMembersArePassedOver(t *testing.T) {
	s := live.Latest(t)
	stopped := etcdtest.Start(t)
	if err := stopped.Members()[0].Stop(); err != nil {
		t.Fatal(err)
	}
	dead := stopped.Endpoints()[0]
	client := live.Client(t, dead, s.Endpoint)
	must(t)(client.Set(t.Context(), s.Dir, "1"))

	// The other order makes the pinned member the one that dies.
	client = live.Client(t, s.Endpoint, dead)
	must(t)(client.Get(t.Context(), s.Dir))

	client = live.Client(t, dead)
	_, err := client.Set(t.Context(), s.Dir, "2")
	var failed *etcd.ClusterError
	switch {
	case !errors.As(err, &failed) || len(failed.Attempts) != 1 || failed.Attempts[0].Endpoint != dead:
		t.Errorf("got %v, want the one attempt", err)
	case !errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, etcd.ErrOutcomeUnknown):
		t.Errorf("got %v, want a refused connection and a known outcome", err)
	}
}

// A frozen member takes the connection and never answers: a read goes on when the attempt's
// time is up, a write cannot know.
func TestFrozenMember(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints(), AttemptTimeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	must(t)(client.Set(t.Context(), "/a", "before"))
	if err := cluster.Members()[0].Freeze(); err != nil {
		t.Fatal(err)
	}
	_, err = client.Set(t.Context(), "/a", "during")
	if !errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("write to a frozen member: %v", err)
	}
	live.Eventually(t, "the others have a leader", func() bool {
		_, err := client.Get(t.Context(), "/a", etcd.WithQuorum())
		return err == nil
	})
	must(t)(client.Set(t.Context(), "/a", "after"))
}

func TestMachinesLeaderAndVersion(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := live.Client(t, cluster.Endpoints()...)
	machines, err := client.Machines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := cluster.Endpoints()
	slices.Sort(machines)
	slices.Sort(want)
	if !slices.Equal(machines, want) {
		t.Errorf("machines are %q, want %q", machines, want)
	}
	leads := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	leader := live.Must[etcd.Member](t)(client.Leader(t.Context()))
	if leader.Name != leads.Name() || !slices.Contains(leader.ClientURLs, leads.URL()) ||
		leader.ID == "" || len(leader.PeerURLs) == 0 {
		t.Errorf("leader is %+v, want %s at %s", leader, leads.Name(), leads.URL())
	}
}

func TestVersion(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		version := live.Must[etcd.Version](t)(s.Client.Version(t.Context()))
		if !strings.HasPrefix(version.Server, s.Version) || !strings.HasPrefix(version.Cluster, s.Version[:3]) {
			t.Errorf("got %+v from %s", version, s.Version)
		}
	})
}

// One of three members is no majority: reads of its own copy go on, everything else says so.
func TestWithoutQuorum(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := live.Client(t, cluster.Endpoints()...)
	must(t)(client.Set(t.Context(), "/a", "1"))
	for _, member := range cluster.Members()[:2] {
		if err := member.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	live.Eventually(t, "there is no leader", func() bool {
		_, err := client.Leader(t.Context())
		return errors.Is(err, etcd.ErrLeaderElect)
	})
	if got := must(t)(client.Get(t.Context(), "/a")); got.Node.Value != "1" {
		t.Errorf("read %q", got.Node.Value)
	}
	_, err := client.Set(t.Context(), "/a", "2")
	if !errors.Is(err, etcd.ErrRaftInternal) || !errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("write: %v", err)
	}
	_, err = client.Get(t.Context(), "/a", etcd.WithQuorum())
	if !errors.Is(err, etcd.ErrRaftInternal) || errors.Is(err, etcd.ErrOutcomeUnknown) {
		t.Errorf("quorum read: %v", err)
	}
}
