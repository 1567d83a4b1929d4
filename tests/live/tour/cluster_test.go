package tour_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

var clusterStops = []stop{
	{"Client.Endpoints Client.Observe Client.Close", endpoints},
	{"Client.Version", version},
	{"Client.Machines", machines},
	{"Client.Members Client.Leader Client.Sync", members},
	{"Client.UpdateMember Client.RemoveMember", changeMembers},
	{"Client.Health", health},
	{"Client.SelfStats Client.StoreStats Client.LeaderStats", statistics},
}

var lastStops = []stop{{"Client.AddMember", addMember}}

func endpoints(t *testing.T, v visit) {
	var told observed
	client, err := etcd.New(etcd.Config{Endpoints: []string{v.endpoint}, Observer: &told})
	if err != nil {
		t.Fatal(err)
	}
	if client.Observe(etcd.MemberBack{Endpoint: v.endpoint}); !slices.Equal(told, observed{etcd.MemberBack{Endpoint: v.endpoint}}) {
		t.Errorf("told %v", told)
	}
	if got := client.Endpoints(); !slices.Equal(got, []string{v.endpoint}) {
		t.Errorf("endpoints %q", got)
	}
	fails(t, client.Close(), nil)
	_, err = client.Get(t.Context(), "/")
	fails(t, err, etcd.ErrClosed)
}

// observed is what an Observer is told.
type observed []etcd.Event

func (o *observed) Observe(event etcd.Event) { *o = append(*o, event) }

func version(t *testing.T, v visit) {
	want := etcd.Version{Server: v.server.release, Cluster: v.server.cluster}
	live.Eventually(t, "the cluster has decided on its version", func() bool {
		got := live.Must[etcd.Version](t)(v.client.Version(t.Context()))
		if got.Server != want.Server {
			t.Fatalf("got %+v", got)
		}
		return got == want
	})
}

func machines(t *testing.T, v visit) {
	got := live.Must[[]string](t)(v.client.Machines(t.Context()))
	if !slices.Equal(got, []string{v.endpoint}) {
		t.Errorf("machines %q", got)
	}
}

// only returns the one member.
func only(t *testing.T, v visit) etcd.Member {
	t.Helper()
	all := live.Must[[]etcd.Member](t)(v.client.Members(t.Context()))
	if len(all) != 1 {
		t.Fatalf("members %+v", all)
	}
	return all[0]
}

func members(t *testing.T, v visit) {
	member := only(t, v)
	if member.ID == "" || member.Name != "m1" || len(member.PeerURLs) != 1 || !slices.Equal(member.ClientURLs, []string{v.endpoint}) {
		t.Errorf("the member is %+v", member)
	}
	if leader := live.Must[etcd.Member](t)(v.client.Leader(t.Context())); leader.ID != member.ID {
		t.Errorf("the leader is %+v", leader)
	}
	fails(t, v.client.Sync(t.Context()), nil)
	if got := v.client.Endpoints(); !slices.Equal(got, []string{v.endpoint}) {
		t.Errorf("endpoints %q", got)
	}
}

func changeMembers(t *testing.T, v visit) {
	member := only(t, v)
	fails(t, v.client.UpdateMember(t.Context(), member.ID, member.PeerURLs...), nil)
	if after := only(t, v); !slices.Equal(after.PeerURLs, member.PeerURLs) {
		t.Errorf("the member is %+v, and was %+v", after, member)
	}
	live.Eventually(t, "it is known that there is no such member", func() bool {
		err := v.client.RemoveMember(t.Context(), "deadbeef")
		unknown := errors.Is(err, etcd.ErrOutcomeUnknown) // etcd-io/etcd#15528
		if !unknown {
			fails(t, err, etcd.ErrMemberNotFound)
		}
		return !unknown
	})
}

func health(t *testing.T, v visit) {
	all := live.Must[[]etcd.MemberHealth](t)(v.client.Health(t.Context()))
	if len(all) != 1 || all[0].Member.Name != "m1" || all[0].Endpoint != v.endpoint || all[0].Err != nil {
		t.Errorf("got %+v", all)
	}
}

func statistics(t *testing.T, v visit) {
	member := only(t, v)
	self := live.Must[etcd.SelfStats](t)(v.client.SelfStats(t.Context()))
	if self.ID != member.ID || self.Leader != member.ID || self.Name != "m1" || self.State != "StateLeader" || self.StartTime.IsZero() {
		t.Errorf("of itself it says %+v", self)
	}
	before := live.Must[etcd.StoreStats](t)(v.client.StoreStats(t.Context()))
	must(t)(v.client.Create(t.Context(), v.dir, "1"))
	must(t)(v.client.CompareAndDelete(t.Context(), v.dir, etcd.Prev{Value: "1"}))
	after := live.Must[etcd.StoreStats](t)(v.client.StoreStats(t.Context()))
	if after.CreateSuccess != before.CreateSuccess+1 || after.CompareAndDeleteSuccess != before.CompareAndDeleteSuccess+1 {
		t.Errorf("the store counts %+v, then %+v", before, after)
	}
	leader := live.Must[etcd.LeaderStats](t)(v.client.LeaderStats(t.Context()))
	if leader.Leader != member.ID || len(leader.Followers) != 0 {
		t.Errorf("the leader says %+v", leader)
	}
}

// A cluster of one stands still until the second has started, and that never does.
func addMember(t *testing.T, v visit) {
	_, err := v.client.AddMember(t.Context(), only(t, v).PeerURLs...)
	fails(t, err, etcd.ErrMemberExists)
	var added etcd.Member
	live.Eventually(t, "a member is added", func() bool {
		added, err = v.client.AddMember(t.Context(), "http://127.0.0.1:1")
		if !errors.Is(err, etcd.ErrOutcomeUnknown) { // etcd-io/etcd#15528
			fails(t, err, nil)
			return true
		}
		return false
	})
	all := live.Must[[]etcd.Member](t)(v.client.Members(t.Context()))
	if added.ID == "" || added.Name != "" || len(all) != 2 {
		t.Errorf("added %+v, and there are %+v", added, all)
	}
}
