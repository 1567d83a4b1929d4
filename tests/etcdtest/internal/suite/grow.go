package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// membershipChanges adds three members to one, removes one and replaces another, and looks for the leader at each step.
func membershipChanges(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for n := 2; n <= 4; n++ {
		join(ctx, t, cluster, fmt.Sprint("m", n))
	}
	removed := follower(t, cluster)
	remove(ctx, t, cluster, removed)
	leads(t, cluster)
	if err := removed.Stop(); err != nil {
		t.Fatal(err)
	}
	leads(t, cluster)

	replaced := Leader(t, cluster)
	if err := replaced.Kill(); err != nil {
		t.Fatal(err)
	}
	leads(t, cluster)
	remove(ctx, t, cluster, replaced)
	leads(t, cluster)
	replacement := join(ctx, t, cluster, "m5")
	if err := replacement.Stop(); err != nil { // it comes back after a stop as well
		t.Fatal(err)
	}
	leads(t, cluster)
	if err := cluster.Restart(ctx); err != nil { // of the replacement; the removed ones stay away
		t.Fatal(err)
	}
	leads(t, cluster)
	if n := len(list(ctx, t, cluster)); n != 3 {
		t.Errorf("the cluster has %d members, want 3", n)
	}
}

// leaderBesideUnstarted looks for the leader while a member was prepared only.
func leaderBesideUnstarted(t *testing.T, kind etcdtest.Option) {
	cluster := etcdtest.Start(t, kind)
	m, err := cluster.NewMember()
	if err != nil {
		t.Fatal(err)
	}
	leads(t, cluster)
	if err := cluster.Restart(t.Context()); err != nil {
		t.Errorf("with a member that was not added yet: %v", err)
	}
	if err := m.Restart(t.Context()); err == nil {
		t.Error("a member that was not added was started")
	} else {
		t.Log(err)
	}
}

// join adds a member, starts it, and checks that it serves and that there is a leader.
func join(ctx context.Context, t *testing.T, cluster *etcdtest.Cluster, name string) *etcdtest.Member {
	t.Helper()
	m, err := cluster.NewMember()
	if err != nil {
		t.Fatal(err)
	}
	if m.Name() != name {
		t.Errorf("the new member is %s, want %s", m.Name(), name)
	}
	leads(t, cluster)
	change(ctx, t, cluster, http.MethodPost, "", `{"peerURLs":["`+m.PeerURL()+`"]}`, http.StatusCreated)
	if err := m.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	leads(t, cluster)
	return m
}

func remove(ctx context.Context, t *testing.T, cluster *etcdtest.Cluster, m *etcdtest.Member) {
	t.Helper()
	for _, listed := range list(ctx, t, cluster) {
		if listed.Name == m.Name() {
			change(ctx, t, cluster, http.MethodDelete, "/"+listed.ID, "", http.StatusNoContent)
		}
	}
}

// leads checks that the leader is a member that says so itself. It writes, so that a leader without a majority shows.
func leads(t *testing.T, cluster *etcdtest.Cluster) {
	t.Helper()
	m := Leader(t, cluster)
	Put(t, NewClient(t), m.URL(), "/leader", m.Name())
	var self struct{ Name, State string }
	body, err := fetch(t.Context(), NewClient(t), m.URL()+"/v2/stats/self")
	if err == nil {
		err = json.Unmarshal(body, &self)
	}
	if err != nil || self.Name != m.Name() || self.State != "StateLeader" {
		t.Errorf("%s is said to lead, and says %+v, %v", m.Name(), self, err)
	}
}

func follower(t *testing.T, cluster *etcdtest.Cluster) *etcdtest.Member {
	t.Helper()
	leader := Leader(t, cluster)
	for _, m := range cluster.Members() {
		if m != leader {
			return m
		}
	}
	t.Fatal("no member follows")
	return nil
}

type listed struct{ ID, Name string }

func list(ctx context.Context, t *testing.T, cluster *etcdtest.Cluster) []listed {
	t.Helper()
	body, err := fetch(ctx, NewClient(t), Leader(t, cluster).URL()+"/v2/members")
	if err != nil {
		t.Fatal(err)
	}
	var reply struct{ Members []listed }
	if err := json.Unmarshal(body, &reply); err != nil {
		t.Fatal(err)
	}
	return reply.Members
}

// change changes the members. Etcd refuses that until all of them have been connected for five seconds.
func change(ctx context.Context, t *testing.T, cluster *etcdtest.Cluster, method, path, body string, want int) {
	t.Helper()
	Eventually(t, func() error {
		req, err := http.NewRequestWithContext(ctx, method, Leader(t, cluster).URL()+"/v2/members"+path, bytes.NewBufferString(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := NewClient(t).Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != want {
			err = fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
		}
		return err
	})
}
