package chaos_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// verb is a write, what must be there before, and what there is when it was applied.
type verb struct {
	name   string
	before func(ctx context.Context, c *etcd.Client, key string) (*etcd.Response, error)
	write  func(ctx context.Context, c *etcd.Client, key string, before *etcd.Response) error
	done   func(node *etcd.Node) bool // node is nil where the key does not exist
}

var verbs = []verb{
	{"Set", nothing, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Set(ctx, key, "new"))
	}, isNew},
	{"Create", nothing, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Create(ctx, key, "new"))
	}, isNew},
	{"CreateDir", nothing, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.CreateDir(ctx, key))
	}, func(node *etcd.Node) bool { return node != nil && node.Dir }},
	{"CreateInOrder", nothing, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.CreateInOrder(ctx, key, "new"))
	}, func(node *etcd.Node) bool { return node != nil && len(node.Nodes) == 1 && node.Nodes[0].Value == "new" }},
	{"CompareAndSwap by index", old, func(ctx context.Context, c *etcd.Client, key string, before *etcd.Response) error {
		return failed(c.CompareAndSwap(ctx, key, "new", etcd.Prev{Index: before.Node.ModifiedIndex}))
	}, isNew},
	{"CompareAndSwap by value", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.CompareAndSwap(ctx, key, "new", etcd.Prev{Value: "old"}))
	}, isNew},
	{"Update", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Update(ctx, key, "new"))
	}, isNew},
	{"Modify", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Modify(ctx, key, func(string) (string, error) { return "new", nil }))
	}, isNew},
	{"Refresh", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Refresh(ctx, key, time.Hour))
	}, func(node *etcd.Node) bool { return node != nil && node.TTL > time.Minute && node.Value == "old" }},
	{"Delete", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.Delete(ctx, key))
	}, isGone},
	{"CompareAndDelete", old, func(ctx context.Context, c *etcd.Client, key string, _ *etcd.Response) error {
		return failed(c.CompareAndDelete(ctx, key, etcd.Prev{Value: "old"}))
	}, isGone},
}

func nothing(context.Context, *etcd.Client, string) (*etcd.Response, error) { return nil, nil }

func old(ctx context.Context, c *etcd.Client, key string) (*etcd.Response, error) {
	return c.Set(ctx, key, "old")
}

func failed(_ *etcd.Response, err error) error { return err }

func isNew(node *etcd.Node) bool { return node != nil && node.Value == "new" }

func isGone(node *etcd.Node) bool { return node == nil }

// Where the reply is lost and the write was applied, it reaches the servers once, whatever else the
// library and net/http would try, and the caller hears that its outcome is unknown.
func TestReplyDropped(t *testing.T) {
	for _, kind := range []struct {
		servers
		members int
	}{{embedded35, 3}, {embedded35, 1}, {process23, 3}, {process23, 1}} {
		t.Run(fmt.Sprintf("%s, %d", kind.name, kind.members), func(t *testing.T) {
			cluster := front(t, kind.start(t, kind.members))
			for _, v := range verbs {
				t.Run(v.name, func(t *testing.T) { v.loseReply(t, cluster) })
			}
		})
	}
}

func (v verb) loseReply(t *testing.T, cluster fronted) {
	for fault, plan := range map[string]faultproxy.Fault{
		"dropped": faultproxy.DropReply, "cut": faultproxy.CutReply, "500": faultproxy.FailReply,
		"504": faultproxy.GatewayTimeout,
	} {
		key := fmt.Sprintf("/%s/%s", v.name, fault)
		direct := live.Client(t, cluster.Endpoints()...)
		cluster.use(faultproxy.Always(faultproxy.Pass))
		before := live.Must[*etcd.Response](t)(v.before(t.Context(), direct, key))
		client := live.Client(t, cluster.urls()...)
		// On a connection that was used before, net/http sends again what it thinks it may.
		live.Must[*etcd.Response](t)(client.Get(t.Context(), "/"))
		index, sent := etcdIndex(t, direct), cluster.writes()

		cluster.use(faultproxy.Writes(func() faultproxy.Fault { return plan }))
		err := v.write(t.Context(), client, key, before)
		if fateOf(err) != unknown {
			t.Errorf("reply %s: got %v, want an unknown outcome", fault, err)
		}
		if n := cluster.writes() - sent; n != 1 {
			t.Errorf("reply %s: %d writes reached the servers", fault, n)
		}
		if n := etcdIndex(t, direct) - index; n != 1 {
			t.Errorf("reply %s: the etcd index moved by %d", fault, n)
		}
		if node := read(t, direct, key); !v.done(node) {
			t.Errorf("reply %s: the servers have %+v", fault, node)
		}
	}
}

func etcdIndex(t *testing.T, client *etcd.Client) uint64 {
	t.Helper()
	return live.Must[*etcd.Response](t)(client.Get(t.Context(), "/", etcd.WithQuorum())).Index
}
