package legacy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestWhoIsThere(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		machines := live.Must[[]string](t)(client.Machines(ctx))
		if machines[0] != c.Leader().URL() {
			t.Errorf("the leader is not the first of %q", machines)
		}
		slices.Sort(machines)
		if want := slices.Sorted(slices.Values(c.Endpoints())); !slices.Equal(machines, want) {
			t.Errorf("machines %q, want %q", machines, want)
		}
		leader := live.Must[etcd.Member](t)(client.Leader(ctx))
		if leader.ID != "" || len(leader.PeerURLs) != 1 || leader.PeerURLs[0] != c.Leader().PeerURL() {
			t.Errorf("leader %+v", leader)
		}
		if got := live.Must[etcd.Version](t)(client.Version(ctx)); got != (etcd.Version{Server: "0.4.9"}) {
			t.Errorf("version %+v", got)
		}
		health := live.Must[[]etcd.MemberHealth](t)(client.Health(ctx))
		if len(health) != len(c.Members()) {
			t.Errorf("health of %d members: %+v", len(health), health)
		}
	})
}

func TestStatistics(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		self := live.Must[etcd.SelfStats](t)(client.SelfStats(ctx))
		if self.ID != "" || self.Name == "" || self.Leader != c.Leader().Name() {
			t.Errorf("self: %+v", self)
		}
		if stats := live.Must[etcd.StoreStats](t)(client.StoreStats(ctx)); stats.CreateSuccess == 0 {
			t.Errorf("store: %+v", stats)
		}
		// Whoever is asked, the leader answers.
		stats := live.Must[etcd.LeaderStats](t)(client.LeaderStats(ctx))
		if stats.Leader != c.Leader().Name() || len(stats.Followers) != len(c.Members())-1 {
			t.Errorf("leader: %+v", stats)
		}
	})
}

func TestNoLeaderToAskFor(t *testing.T) {
	c := legacy.Start(t, 3)
	client := live.Client(t, c.Endpoints()...)
	c.NoticeDeath()
	ctx := soon(t)
	if _, err := client.Leader(ctx); !errors.Is(err, etcd.ErrLeaderElect) {
		t.Errorf("leader: %v", err)
	}
	if _, err := client.LeaderStats(ctx); !errors.Is(err, etcd.ErrLeaderElect) {
		t.Errorf("statistics: %v", err)
	}
	health, err := client.Health(ctx)
	var sick *etcd.HealthError
	if !errors.As(err, &sick) || len(sick.Sick) != 3 || len(health) != 3 {
		t.Errorf("health: %v", err)
	}
}

// A dead member is among those whose health is told, also if the client knew only another one.
func TestHealthOfADeadMember(t *testing.T) {
	for name, endpoints := range map[string]func(c *legacy.Cluster) []string{
		"all members":  (*legacy.Cluster).Endpoints,
		"one follower": func(c *legacy.Cluster) []string { return []string{c.Followers()[0].URL()} },
	} {
		t.Run(name, func(t *testing.T) {
			c := legacy.Start(t, 3)
			client := live.Client(t, endpoints(c)...)
			dead := c.Followers()[1]
			dead.Kill()
			health, err := client.Health(soon(t))
			var sick *etcd.HealthError
			if !errors.As(err, &sick) || len(sick.Sick) != 1 || sick.Sick[0].Endpoint != dead.URL() || len(health) != 3 {
				t.Errorf("%v", err)
			}
			if err == nil || strings.Contains(err.Error(), "/v2/members") {
				t.Errorf("it complains about the list: %v", err)
			}
		})
	}
}

// What 0.x does not have is ErrNotSupported, with its version.
func TestNotSupported(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		auth, permissions := client.Auth(), etcd.Permissions{Read: []string{"/*"}}
		for name, call := range map[string]func(ctx context.Context) error{
			"Members":           func(ctx context.Context) error { return live.Err(client.Members(ctx)) },
			"AddMember":         func(ctx context.Context) error { return live.Err(client.AddMember(ctx, "http://127.0.0.1:1")) },
			"UpdateMember":      func(ctx context.Context) error { return client.UpdateMember(ctx, "a1", "http://127.0.0.1:1") },
			"RemoveMember":      func(ctx context.Context) error { return client.RemoveMember(ctx, "a1") },
			"Enabled":           func(ctx context.Context) error { return live.Err(auth.Enabled(ctx)) },
			"Enable":            auth.Enable,
			"Disable":           auth.Disable,
			"Users":             func(ctx context.Context) error { return live.Err(auth.Users(ctx)) },
			"User":              func(ctx context.Context) error { return live.Err(auth.User(ctx, "u")) },
			"CreateUser":        func(ctx context.Context) error { return auth.CreateUser(ctx, "u", "p", "r") },
			"ChangePassword":    func(ctx context.Context) error { return auth.ChangePassword(ctx, "u", "p") },
			"GrantRoles":        func(ctx context.Context) error { return auth.GrantRoles(ctx, "u", "r") },
			"RevokeRoles":       func(ctx context.Context) error { return auth.RevokeRoles(ctx, "u", "r") },
			"DeleteUser":        func(ctx context.Context) error { return auth.DeleteUser(ctx, "u") },
			"Roles":             func(ctx context.Context) error { return live.Err(auth.Roles(ctx)) },
			"Role":              func(ctx context.Context) error { return live.Err(auth.Role(ctx, "r")) },
			"CreateRole":        func(ctx context.Context) error { return auth.CreateRole(ctx, "r", permissions) },
			"GrantPermissions":  func(ctx context.Context) error { return auth.GrantPermissions(ctx, "r", permissions) },
			"RevokePermissions": func(ctx context.Context) error { return auth.RevokePermissions(ctx, "r", permissions) },
			"DeleteRole":        func(ctx context.Context) error { return auth.DeleteRole(ctx, "r") },
		} {
			err := call(soon(t))
			if !errors.Is(err, etcd.ErrNotSupported) || errors.Is(err, etcd.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "etcd 0.4.9") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestSync(t *testing.T) {
	c := legacy.Start(t, 3)
	ctx := soon(t)
	client := live.Client(t, c.Followers()[0].URL())
	if err := client.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(slices.Values(client.Endpoints())); !slices.Equal(got, slices.Sorted(slices.Values(c.Endpoints()))) {
		t.Errorf("endpoints %q", got)
	}
}

// With SelectLeader calls begin with the leader, though 0.x names only its URL for peers, and follow it when
// another one leads.
func TestSelectLeader(t *testing.T) {
	c, seen := legacy.Start(t, 3), &told{}
	config := etcd.Config{
		Endpoints: []string{c.Followers()[0].URL()}, Selection: etcd.SelectLeader, SyncInterval: 20 * time.Millisecond, Observer: seen,
	}
	client := live.Connect(t, config)
	beginsWith := func(m *legacy.Member) {
		t.Helper()
		live.Eventually(t, "calls begin with the leader", func() bool {
			before := len(m.Requests())
			must(t)(client.Get(soon(t), "/"))
			return slices.Contains(m.Requests()[before:], "GET /v2/keys/")
		})
	}
	beginsWith(c.Leader())
	for _, sync := range all[etcd.Synced](seen) {
		if sync.Err != nil {
			t.Errorf("synced: %v", sync.Err)
		}
	}
	next := c.Followers()[1]
	c.NoticeDeath()
	c.Elect(next)
	beginsWith(next)
}
