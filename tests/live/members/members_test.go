// Package members_test adds members to real clusters, looks after them, and removes them.
package members_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// A member comes with a wrong address, is corrected, starts, serves, and goes.
func TestMemberComesAndGoes(t *testing.T) {
	eachVersion(t, func(t *testing.T, cluster *etcdtest.Cluster) {
		client := live.Client(t, cluster.Endpoints()...)
		live.Must[*etcd.Response](t)(client.Set(t.Context(), "/a", "from before"))
		server := live.Must[*etcdtest.Member](t)(cluster.NewMember())

		added := add(t, client, "http://127.0.0.1:1")
		if added.ID == "" || added.Name != "" || len(added.ClientURLs) != 0 {
			t.Errorf("added %+v", added)
		}
		if listed := find(t, client, added.ID); listed == nil || listed.Name != "" || !slices.Equal(listed.PeerURLs, []string{"http://127.0.0.1:1"}) {
			t.Errorf("the list has %+v", listed)
		}
		taken := memberOf(t, client, "m1").PeerURLs
		if err := certain(t, func() error { return client.UpdateMember(t.Context(), added.ID, taken...) }); !errors.Is(err, etcd.ErrMemberExists) {
			t.Errorf("with another member's URL: %v", err)
		}
		if err := certain(t, func() error { return client.UpdateMember(t.Context(), added.ID, server.PeerURL()) }); err != nil {
			t.Fatal(err)
		}

		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		live.Eventually(t, "the list has the new member's client URL", func() bool {
			m := find(t, client, added.ID)
			return m != nil && m.Name == server.Name() && slices.Equal(m.ClientURLs, []string{server.URL()})
		})
		onNew := live.Client(t, server.URL())
		if resp := live.Must[*etcd.Response](t)(onNew.Get(t.Context(), "/a", etcd.WithQuorum())); resp.Node.Value != "from before" {
			t.Errorf("the new member has %q", resp.Node.Value)
		}
		live.Must[*etcd.Response](t)(onNew.Set(t.Context(), "/a", "from the new member"))
		live.Eventually(t, "all four members are well", func() bool {
			all, err := client.Health(t.Context())
			return err == nil && len(all) == 4
		})

		live.Eventually(t, "the member can be removed", func() bool {
			// Etcd 3.x refuses until the member has been connected for 5 s, in words that leave it open.
			err := client.RemoveMember(t.Context(), added.ID)
			if err != nil && !errors.Is(err, etcd.ErrOutcomeUnknown) {
				t.Fatal(err)
			}
			return find(t, client, added.ID) == nil
		})
		if err := certain(t, func() error { return client.RemoveMember(t.Context(), added.ID) }); !errors.Is(err, etcd.ErrMemberRemoved) {
			t.Errorf("removed twice: %v", err)
		}
		if err := client.UpdateMember(t.Context(), added.ID, server.PeerURL()); !errors.Is(err, etcd.ErrOutcomeUnknown) {
			t.Errorf("updated after its end: %v", err)
		}
		live.Eventually(t, "the removed member's server has ended", func() bool {
			_, err := onNew.Get(t.Context(), "/a")
			return err != nil
		})
		if resp := live.Must[*etcd.Response](t)(client.Get(t.Context(), "/a", etcd.WithQuorum())); resp.Node.Value != "from the new member" {
			t.Errorf("the others have %q", resp.Node.Value)
		}
	})
}

func TestUnknownMember(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		if err := certain(t, func() error { return s.Client.RemoveMember(t.Context(), "deadbeef") }); !errors.Is(err, etcd.ErrMemberNotFound) {
			t.Errorf("remove: %v", err)
		}
		if err := certain(t, func() error { return s.Client.UpdateMember(t.Context(), "deadbeef", "http://127.0.0.1:1") }); !errors.Is(err, etcd.ErrMemberNotFound) {
			t.Errorf("update: %v", err)
		}
	})
}

// add adds a member. Etcd 3.x refuses until all members have been connected for 5 s, in words that
// leave it open.
func add(t *testing.T, client *etcd.Client, peerURL string) (added etcd.Member) {
	t.Helper()
	err := certain(t, func() (err error) {
		added, err = client.AddMember(t.Context(), peerURL)
		if members := live.Must[[]etcd.Member](t)(client.Members(t.Context())); err != nil && len(members) > 3 {
			t.Fatalf("added in spite of %v", err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// certain makes a change of members until its outcome is known: etcd drops one that comes right after
// another without a word (etcd-io/etcd#15528).
func certain(t *testing.T, change func() error) (err error) {
	t.Helper()
	live.Eventually(t, "the outcome is known", func() bool {
		err = change()
		return !errors.Is(err, etcd.ErrOutcomeUnknown)
	})
	return err
}

// find returns the member with the ID as the cluster lists it, nil if it does not.
func find(t *testing.T, client *etcd.Client, id string) *etcd.Member {
	t.Helper()
	members := live.Must[[]etcd.Member](t)(client.Members(t.Context()))
	i := slices.IndexFunc(members, func(m etcd.Member) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return &members[i]
}

// memberOf returns the member of that name as the cluster lists it.
func memberOf(t *testing.T, client *etcd.Client, name string) etcd.Member {
	t.Helper()
	members := live.Must[[]etcd.Member](t)(client.Members(t.Context()))
	i := slices.IndexFunc(members, func(m etcd.Member) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no member %s in %+v", name, members)
	}
	return members[i]
}
