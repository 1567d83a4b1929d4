package legacy_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

func mirrored(t testing.TB, client *etcd.Client, dir string) *etcd.Mirror {
	t.Helper()
	m := live.Must[*etcd.Mirror](t)(client.Mirror(t.Context(), dir))
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func TestMirror(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		must(t)(client.Set(ctx, "/m/a", "1"))
		c.Write("/other", 1100)
		m := mirrored(t, client, "/m")
		begun := m.Index()
		must(t)(client.Set(ctx, "/m/b", "1"))
		must(t)(client.Delete(ctx, "/m/a"))
		must(t)(client.CreateDir(ctx, "/m/d"))
		elsewhere := c.Write("/other", 10)
		if err := m.WaitIndex(ctx, elsewhere); err != nil {
			t.Fatal(err)
		}
		holds(t, m, client, "/m")
		if begun < 1100 {
			t.Errorf("began at %d", begun)
		}
	})
}

// holds checks that a mirror has the keys and values that the server has.
func holds(t testing.TB, m *etcd.Mirror, client *etcd.Client, dir string) {
	t.Helper()
	want := must(t)(client.Get(soon(t), dir, etcd.WithQuorum(), etcd.WithRecursive(), etcd.WithSorted()))
	list := func(root *etcd.Node) string {
		var keys []string
		for node := range root.Walk() {
			keys = append(keys, fmt.Sprintf("%s=%s@%d", node.Key, node.Value, node.ModifiedIndex))
		}
		return strings.Join(keys, " ")
	}
	if got := list(m.Snapshot().Node); got != list(want.Node) {
		t.Errorf("the mirror holds %s\nthe server %s", got, list(want.Node))
	}
}

// More is written than the server remembers, while the mirror is cut off. It reads again once, its index does
// not go back, and WaitIndex returns.
func TestMirrorReadsAgainOnceAfterAGap(t *testing.T) {
	for name, members := range map[string]int{"one member": 1, "three members": 3} {
		t.Run(name, func(t *testing.T) {
			c, seen := legacy.Start(t, members), &told{}
			plain := live.Client(t, c.Endpoints()...)
			ctx := soon(t)
			must(t)(plain.Set(ctx, "/m/gone", "1"))
			must(t)(plain.Set(ctx, "/m/same", "1"))
			proxy := faultproxy.New(t, c.Leader().URL())
			var polls atomic.Int64
			proxy.Use(func(req *http.Request) faultproxy.Fault {
				if strings.Contains(req.URL.RawQuery, "waitIndex=") {
					polls.Add(1)
				}
				return faultproxy.Pass
			})
			m := mirrored(t, live.Connect(t, etcd.Config{Endpoints: []string{proxy.URL()}, Observer: seen}), "/m")
			live.Eventually(t, "a poll is open", func() bool { return polls.Load() > 0 })
			proxy.Use(faultproxy.Always(faultproxy.DropRequest))
			reached := must(t)(plain.Set(ctx, "/m/same", "last seen")).Index
			if err := m.WaitIndex(ctx, reached); err != nil {
				t.Fatal(err)
			}
			must(t)(plain.Delete(ctx, "/m/gone"))
			last := c.Write("/m/many", 1100)
			last = max(last, c.Write("/other", 1100))
			proxy.Use(faultproxy.Always(faultproxy.Pass))
			if err := m.WaitIndex(ctx, last); err != nil {
				t.Fatal(err)
			}
			holds(t, m, plain, "/m")
			must(t)(plain.Set(ctx, "/m/same", "then"))
			if err := m.WaitIndex(ctx, c.Write("/other", 1)); err != nil {
				t.Fatal(err)
			}
			holds(t, m, plain, "/m")
			again := all[etcd.MirrorResynced](seen)
			if len(again) != 1 || again[0].From != reached || again[0].To != last || !errors.Is(again[0].Err, etcd.ErrEventIndexCleared) {
				t.Errorf("read again: %+v, want one from %d to %d", again, reached, last)
			}
		})
	}
}

// A mirror goes on through the death of a leader, and does not read again for it.
func TestMirrorGoesOnThroughALeaderChange(t *testing.T) {
	c, seen := legacy.Start(t, 3), &told{}
	client := live.Connect(t, etcd.Config{Endpoints: c.Endpoints(), Observer: seen})
	ctx := soon(t)
	must(t)(client.Set(ctx, "/m/a", "1"))
	m := mirrored(t, client, "/m")
	c.KillLeader()
	c.NoticeDeath()
	c.Elect(c.Followers()[0])
	if err := m.WaitIndex(ctx, c.Write("/m", 20)); err != nil {
		t.Fatal(err)
	}
	holds(t, m, client, "/m")
	if again := all[etcd.MirrorResynced](seen); len(again) > 0 || m.Err() != nil {
		t.Errorf("read again: %+v, %v", again, m.Err())
	}
}
