package legacy_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestWatch(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		first := must(t)(client.Set(ctx, "/w/a", "1"))
		events, _ := follow(t, client, "/w", etcd.WithRecursive(), etcd.WithAfterIndex(first.Index))
		must(t)(client.Set(ctx, "/other", "1"))
		must(t)(client.Set(ctx, "/w/_hidden", "1"))
		want := []uint64{
			must(t)(client.Set(ctx, "/w/a", "2")).Index,
			must(t)(client.CreateInOrder(ctx, "/w", "3")).Index,
			must(t)(client.Delete(ctx, "/w", etcd.WithRecursive())).Index,
		}
		for _, index := range want {
			if event := next(t, events); event.Index != index {
				t.Errorf("event %s %s at %d, want %d", event.Action, event.Node.Key, event.Index, index)
			}
		}
	})
}

// A watch that begins with what is there begins behind it, also where the header of the read is ahead of it:
// an event happens in between, each time. A key and a directory are read, of which the latter is made once
// only.
func TestNothingIsMissedWhereTheHeaderIsAhead(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		must(t)(client.Set(soon(t), "/w/0", "first"))
		var writes atomic.Int64
		for _, m := range c.Members() {
			m.Between(func(req *http.Request) {
				if strings.HasPrefix(req.URL.Path, "/v2/keys/w") {
					writes.Add(1)
					c.Write("/w", 1)
				}
			})
		}
		for _, key := range []string{"/w", "/w/0"} {
			var last uint64
			events, end := follow(t, client, key, etcd.WithCurrent(), etcd.WithRecursive())
			for range 5 {
				event := next(t, events)
				index := event.Index
				if event.Action == etcd.ActionGet { // its content, which shows all writes up to the last
					for node := range event.Node.Leaves() {
						index = node.ModifiedIndex
					}
				}
				if last != 0 && index != last+1 {
					t.Errorf("%s: event at %d after %d", key, index, last)
				}
				last = index
			}
			if err := end(); err == nil {
				t.Error("the watch has not ended")
			}
		}
		for _, m := range c.Members() {
			m.Between(nil)
		}
		if writes.Load() == 0 {
			t.Error("no header was ahead")
		}
	})
}

// A watch that begins behind a quorum read repeats nothing, though the header told the index of the node.
func TestNothingIsRepeatedBehindAQuorumRead(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/w/dir/a", "1"))
		for i := range 50 { // these change what is in the directory, and not its index
			must(t)(client.Set(ctx, "/w/dir/b", fmt.Sprint(i)))
		}
		c.Write("/other", 1100) // and the events at the index of the node are no longer in the history
		for _, key := range []string{"/w/dir", "/w/dir/a"} {
			read := must(t)(client.Get(ctx, key, etcd.WithQuorum()))
			events, _ := follow(t, client, key, etcd.WithRecursive(), etcd.WithAfterIndex(read.Index))
			want := must(t)(client.Set(ctx, "/w/dir/a", "last")).Index
			if event := next(t, events); event.Index != want {
				t.Errorf("%s: event %s %s at %d, want %d", key, event.Action, event.Node.Key, event.Index, want)
			}
		}
	})
}

func TestWatchWithCurrent(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/w/a", "1"))
		c.Write("/other", 1100)
		for _, key := range []string{"/w", "/w/a", "/"} {
			events, _ := follow(t, client, key, etcd.WithCurrent(), etcd.WithRecursive())
			if event := next(t, events); event.Action != etcd.ActionGet || event.Node.Key != key {
				t.Errorf("%s: %s %s at first", key, event.Action, event.Node.Key)
			}
			want := must(t)(client.Set(ctx, "/w/a", "2")).Index
			if event := next(t, events); event.Index != want {
				t.Errorf("%s: event at %d, want %d", key, event.Index, want)
			}
		}
		events, _ := follow(t, client, "/none", etcd.WithCurrent())
		want := must(t)(client.Set(ctx, "/none", "1")).Index
		if event := next(t, events); event.Index != want {
			t.Errorf("event at %d, want %d", event.Index, want)
		}
	})
}

// A watch follows a server on which more is written than polls can keep up with.
func TestWatchOfABurst(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		first := must(t)(client.Set(soon(t), "/w/0", "1"))
		events, _ := follow(t, client, "/w", etcd.WithRecursive(), etcd.WithAfterIndex(first.Index))
		index := first.Index
		for range 20 {
			c.Write("/w", 100)
			for range 100 {
				if event := next(t, events); event.Index != index+1 {
					t.Fatalf("event at %d after %d", event.Index, index)
				}
				index++
			}
		}
		for _, m := range c.Members() {
			for _, request := range m.Requests() {
				if strings.Contains(request, "stream=true") { // of which 0.x lets go at the second event
					t.Errorf("%s: %s", m.Name(), request)
				}
			}
		}
	})
}

// What is no longer in the history ends a watch.
func TestWatchOfWhatIsCleared(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		c.Write("/w", 1100)
		_, err := client.WatchOnce(soon(t), "/w", etcd.WithRecursive(), etcd.WithAfterIndex(5))
		if !errors.Is(err, etcd.ErrEventIndexCleared) {
			t.Error(err)
		}
	})
}

// A follower that has lost the others keeps watches open, answers from what it has, and knows of no leader.
func TestWatchLeavesAFollowerThatIsCutOff(t *testing.T) {
	c := legacy.Start(t, 3)
	alone, others := c.Followers()[0], live.Client(t, c.Leader().URL())
	client := live.Connect(t, etcd.Config{Endpoints: []string{alone.URL()}, PulseInterval: 100 * time.Millisecond})
	if err := client.Sync(soon(t)); err != nil { // calls begin with the follower
		t.Fatal(err)
	}
	index := must(t)(others.Set(soon(t), "/w", "1")).Index
	events, _ := follow(t, client, "/w", etcd.WithAfterIndex(index))
	alone.SetLag(legacy.Whole)
	alone.Believe(nil)
	want := must(t)(others.Set(soon(t), "/w", "2")).Index
	if event := next(t, events); event.Index != want {
		t.Errorf("event at %d, want %d", event.Index, want)
	}
}

// A member that replays its log is far behind, but the cluster is not. The index of the key alone would say
// that.
func TestAMemberThatReplaysItsLogEndsNoWatch(t *testing.T) {
	c := legacy.Start(t, 3)
	follower, leader := c.Followers()[0], c.Leader()
	client := live.Client(t, follower.URL())
	c.Write("/w", 1)
	events, _ := follow(t, client, "/w", etcd.WithRecursive(), etcd.WithAfterIndex(c.Write("/other", 100)))
	c.Write("/w", 1)
	next(t, events)
	follower.Kill()
	follower.SetLag(legacy.Whole)
	follower.Restart(t)
	live.Eventually(t, "the cluster is asked", func() bool {
		return slices.Contains(leader.Requests(), "GET /v2/keys/w?quorum=true")
	})
	want := c.Write("/w", 1)
	follower.SetLag(0)
	if event := next(t, events); event.Index != want {
		t.Errorf("event at %d, want %d", event.Index, want)
	}
}

// Leaders die, one after the other, and come back. A watch goes on through that, and misses and repeats
// nothing.
func TestWatchGoesOnThroughLeaderChanges(t *testing.T) {
	c := legacy.Start(t, 3)
	client := live.Client(t, c.Endpoints()...)
	index := must(t)(client.Set(soon(t), "/w/0", "1")).Index
	events, end := follow(t, client, "/w", etcd.WithRecursive(), etcd.WithAfterIndex(index))
	write := func() {
		t.Helper()
		c.Write("/w", 3)
		for range 3 {
			if event := next(t, events); event.Index != index+1 {
				t.Fatalf("event at %d after %d", event.Index, index)
			}
			index++
		}
	}
	write()
	for range 4 {
		dead := c.KillLeader()
		if event, err := client.Get(soon(t), "/w/0"); err != nil || event.Node.Value == "" {
			t.Errorf("a follower does not answer: %v", err)
		}
		c.NoticeDeath()
		followers := c.Followers()
		followers[0].SetLag(2) // it comes to lead with what it has not applied yet
		c.Elect(followers[1])
		write0 := c.Write("/w", 1)
		followers[0].SetLag(0)
		if event := next(t, events); event.Index != write0 {
			t.Fatalf("event at %d, want %d", event.Index, write0)
		}
		index = write0
		write()
		dead.SetLag(legacy.Whole)
		dead.Restart(t) // it serves, and has nothing yet
		write()
		dead.SetLag(0)
		write()
	}
	if err := end(); errors.Is(err, etcd.ErrClusterRolledBack) || len(events) > 0 {
		t.Errorf("%d more events, then %v", len(events), err)
	}
}
