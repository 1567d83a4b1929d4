package legacy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

// endpointsAfterDeath are what a client may know when the leader of three has died.
var endpointsAfterDeath = map[string]func(c *legacy.Cluster) []string{
	"all members":  (*legacy.Cluster).Endpoints,
	"one follower": func(c *legacy.Cluster) []string { return []string{c.Followers()[0].URL()} },
}

// Writes that begin after the leader's death wait until there is another one. At first the followers redirect
// to the dead leader, then they say that there is none. None of that can have applied a write, so none fails,
// and none is applied twice.
func TestWritesWaitForTheNextLeader(t *testing.T) {
	for name, way := range map[string]struct {
		follower bool // the only endpoint
		wrote    bool // so that the follower has named the leader
	}{
		"all members":                {false, true},
		"one follower":               {true, true},
		"one follower, not used yet": {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, seen := legacy.Start(t, 3), &told{}
			known := c.Endpoints()
			if way.follower {
				known = []string{c.Followers()[0].URL()}
			}
			client := live.Connect(t, etcd.Config{Endpoints: known, Observer: seen})
			ctx := soon(t)
			if way.wrote {
				must(t)(client.Set(ctx, "/before", "1"))
			}
			dead := c.KillLeader()
			must(t)(client.Get(ctx, "/")) // or a write goes over a connection that ends just now, and is unknown
			const writers = 20
			var running sync.WaitGroup
			for i := range writers {
				running.Go(func() {
					if _, err := client.CreateInOrder(ctx, "/jobs", fmt.Sprint(i)); err != nil {
						t.Errorf("write %d: %v", i, err)
					}
				})
			}
			waitForAttempts(t, seen, writers)
			c.NoticeDeath()
			waitForAttempts(t, seen, writers)
			c.Elect(c.Followers()[1])
			running.Wait()
			read := must(t)(client.Get(ctx, "/jobs", etcd.WithQuorum()))
			values := map[string]bool{}
			for child := range read.Node.Children() {
				values[child.Value] = true
			}
			if len(values) != writers || len(read.Node.Nodes) != writers {
				t.Errorf("%d writes were applied, %d of them different", len(read.Node.Nodes), len(values))
			}
			if dead.Index() == 0 {
				t.Error("the dead leader had nothing")
			}
		})
	}
}

// waitForAttempts waits until so many more attempts have ended.
func waitForAttempts(t testing.TB, seen *told, more int) {
	t.Helper()
	before := len(all[etcd.AttemptEnded](seen))
	live.Eventually(t, "attempts have failed", func() bool { return len(all[etcd.AttemptEnded](seen)) >= before+more })
}

// calls need the leader.
var calls = map[string]func(ctx context.Context, client *etcd.Client) error{
	"Set": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.Set(ctx, "/k", "v"))
	},
	"Create": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.Create(ctx, "/new", "v", etcd.WithUniqueValue()))
	},
	"CreateInOrder": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.CreateInOrder(ctx, "/q", "v"))
	},
	"CompareAndSwap": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.CompareAndSwap(ctx, "/k", "v", etcd.Prev{Value: "w"}))
	},
	"Delete": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.Delete(ctx, "/k"))
	},
	"Modify": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.Modify(ctx, "/k", func(v string) (string, error) { return v, nil }))
	},
	"Get with quorum": func(ctx context.Context, client *etcd.Client) error {
		return live.Err(client.Get(ctx, "/k", etcd.WithQuorum()))
	},
}

// Without a leader for as long as an attempt may take, a call says so. It does not say that the outcome is
// unknown: nobody can have applied it.
func TestNoLeaderForLong(t *testing.T) {
	for when, make := range map[string]func(c *legacy.Cluster){
		"followers redirect to the dead leader": func(c *legacy.Cluster) { c.KillLeader() },
		"followers know of no leader":           func(c *legacy.Cluster) { c.KillLeader(); c.NoticeDeath() },
		"the leader only lost its office":       func(c *legacy.Cluster) { c.NoticeDeath() },
	} {
		for name, endpoints := range endpointsAfterDeath {
			t.Run(when+", "+name, func(t *testing.T) {
				t.Parallel()
				c := legacy.Start(t, 3)
				known := endpoints(c)
				make(c)
				client := live.Connect(t, etcd.Config{Endpoints: known, AttemptTimeout: time.Second})
				ctx := soon(t)
				var running sync.WaitGroup
				for call, do := range calls {
					running.Go(func() {
						err := do(ctx, client)
						if !errors.Is(err, etcd.ErrLeaderElect) || errors.Is(err, etcd.ErrOutcomeUnknown) || !etcd.Retryable(err) {
							t.Errorf("%s: %v", call, err)
						}
					})
				}
				running.Wait()
				if index := c.Followers()[0].Index(); index != 4 {
					t.Errorf("index %d: something was applied", index)
				}
			})
		}
	}
}

// The caller's deadline ends the waiting too, and the error says both.
func TestNoLeaderUntilTheDeadline(t *testing.T) {
	c := legacy.Start(t, 3)
	c.KillLeader()
	c.NoticeDeath()
	client := live.Client(t, c.Endpoints()...)
	live.Eventually(t, "a deadline passes during a pause, and not during an attempt", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := client.Set(ctx, "/k", "v")
		unknown := errors.Is(err, etcd.ErrOutcomeUnknown)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, etcd.ErrLeaderElect) == unknown {
			t.Error(err)
		}
		return !unknown
	})
}

// A follower that is the only endpoint names the leader, which is found among the members that it lists.
func TestOneFollowerIsEnough(t *testing.T) {
	c := legacy.Start(t, 3)
	follower, ctx := c.Followers()[0], soon(t)
	client := live.Client(t, follower.URL())
	must(t)(client.Set(ctx, "/a", "1"))
	before := len(follower.Requests())
	for range 5 { // these begin with the leader
		must(t)(client.Set(ctx, "/a", "2"))
	}
	if asked := follower.Requests()[before:]; len(asked) > 0 {
		t.Errorf("the follower was asked again: %q", asked)
	}
	if got := client.Endpoints(); len(got) != 2 || got[1] != c.Leader().URL() {
		t.Errorf("endpoints %q", got)
	}
}

// Credentials and writes go to no host that the cluster does not list.
func TestALeaderThatIsNoMemberGetsNothing(t *testing.T) {
	c, other := legacy.Start(t, 3), legacy.Start(t, 1)
	follower := c.Followers()[0]
	follower.Believe(other.Leader())
	client := live.Client(t, follower.URL())
	_, err := client.Set(soon(t), "/a", "1")
	if !errors.Is(err, etcd.ErrOutcomeUnknown) || !strings.Contains(err.Error(), other.Leader().URL()) {
		t.Error(err)
	}
	if asked := other.Leader().Requests(); len(asked) > 0 {
		t.Errorf("asked: %q", asked)
	}
}

// With RefuseRedirects a redirect is an error, and nothing is applied.
func TestRefuseRedirects(t *testing.T) {
	c := legacy.Start(t, 3)
	client := live.Connect(t, etcd.Config{Endpoints: []string{c.Followers()[0].URL()}, RefuseRedirects: true})
	_, err := client.Set(soon(t), "/a", "1")
	if errors.Is(err, etcd.ErrOutcomeUnknown) || err == nil || c.Leader().Index() != 4 {
		t.Error(err)
	}
}
