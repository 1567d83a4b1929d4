package cluster_test

import (
	"context"
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

// A frozen member takes the connection and never answers. The call that finds it so goes on to the
// next, if it is a read; if it is a write, it says that it cannot know. Later calls pass it over.
func TestFrozenMember(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	get := func(ctx context.Context, client *etcd.Client) error {
		_, err := client.Get(ctx, "/a", etcd.WithQuorum())
		return err
	}
	set := func(ctx context.Context, client *etcd.Client) error {
		_, err := client.Set(ctx, "/a", "1")
		return err
	}
	for name, test := range map[string]struct {
		first func(context.Context, *etcd.Client) error
		want  error
	}{
		"read":  {get, nil},
		"write": {set, etcd.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			client, follower := withFollower(t, cluster, set)
			if err := follower.Freeze(); err != nil {
				t.Fatal(err)
			}
			defer thaw(t, follower)
			if err := within(t, client, test.first); !errors.Is(err, test.want) {
				t.Errorf("first call: %v, want %v", err, test.want)
			}
			for range 10 {
				if err := errors.Join(within(t, client, get), within(t, client, set)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// withFollower returns a client whose calls begin with the follower that is returned with it.
func withFollower(t *testing.T, cluster *etcdtest.Cluster, call func(context.Context, *etcd.Client) error) (*etcd.Client, *etcdtest.Member) {
	t.Helper()
	leader := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	for {
		seen := &attempts{}
		client := live.Connect(t, etcd.Config{Endpoints: cluster.Endpoints(), Observer: seen})
		if err := within(t, client, call); err != nil {
			t.Fatal(err)
		}
		for _, member := range cluster.Members() {
			if member != leader && member.URL() == seen.last().Endpoint {
				return client, member
			}
		}
	}
}

// within makes a call with a deadline of three seconds.
func within(t *testing.T, client *etcd.Client, call func(context.Context, *etcd.Client) error) error {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	return call(ctx, client)
}

func thaw(t *testing.T, member *etcdtest.Member) {
	if err := member.Thaw(); err != nil {
		t.Error(err)
	}
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
		// In its first moments a cluster has not decided yet what its version is.
		live.Eventually(t, "the cluster's version is decided", func() bool {
			version := live.Must[etcd.Version](t)(s.Client.Version(t.Context()))
			if !strings.HasPrefix(version.Server, s.Version) {
				t.Fatalf("got %+v from %s", version, s.Version)
			}
			return strings.HasPrefix(version.Cluster, s.Version[:3])
		})
	})
}

// One of three members is no majority: reads of its own copy go on, everything else says so.
func TestWithoutQuorum(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := live.Client(t, cluster.Endpoints()...)
	must(t)(client.Set(t.Context(), "/a", "1"))
	left := live.Client(t, cluster.Members()[2].URL())
	live.Eventually(t, "the member that is left has it", func() bool {
		_, err := left.Get(t.Context(), "/a")
		return err == nil
	})
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
