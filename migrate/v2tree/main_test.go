package v2tree_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/migrate/v2tree"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// each runs a test on an empty cluster of each kind. New servers are cheap, and nothing is left of other tests.
func each(t *testing.T, test func(*testing.T, *etcdtest.Cluster, *etcd.Client)) {
	for name, version := range map[string]etcdtest.Version{"2.3": etcdtest.Etcd23, "3.5": etcdtest.Etcd35} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
			test(t, cluster, client(t, cluster.Endpoints()...))
		})
	}
}

func client(t *testing.T, endpoints ...string) *etcd.Client {
	t.Helper()
	c, err := etcd.New(etcd.Config{Endpoints: endpoints})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// nodes returns a tree with everything odd, which is larger in a long run.
func nodes() []dump.Node {
	if testing.Short() {
		return seed.Nodes(0)
	}
	return seed.Nodes(300)
}

func plant(t *testing.T, c *etcd.Client, nodes []dump.Node) {
	t.Helper()
	if err := seed.Plant(t.Context(), c, nodes); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *etcd.Client, opts v2tree.ReadOptions) []dump.Node {
	t.Helper()
	tree, err := v2tree.Open(t.Context(), c, opts)
	if err != nil {
		t.Fatal(err)
	}
	return all(t, tree.Nodes(t.Context()))
}

func all(t *testing.T, nodes iter.Seq2[dump.Node, error]) (all []dump.Node) {
	t.Helper()
	for n, err := range nodes {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

func seq(nodes []dump.Node) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		for _, n := range nodes {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// equal compares content: neither indexes nor, beyond a few seconds, times.
func equal(t *testing.T, got, want []dump.Node) {
	t.Helper()
	same := func(a, b dump.Node) bool {
		return a.Key == b.Key && a.Value == b.Value && a.Dir == b.Dir && a.Expires.IsZero() == b.Expires.IsZero() &&
			a.Expires.Sub(b.Expires).Abs() < 10*time.Second
	}
	for i := range min(len(got), len(want)) {
		if !same(got[i], want[i]) {
			t.Fatalf("node %d is %.200v, want %.200v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("there are %d nodes, want %d", len(got), len(want))
	}
}

func keys(nodes []dump.Node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.Key)
	}
	return all
}

func write(t *testing.T, c *etcd.Client, nodes []dump.Node, opts v2tree.WriteOptions) (v2tree.Counts, map[string]string) {
	t.Helper()
	failed := map[string]string{}
	opts.Report = func(n dump.Node, outcome v2tree.Outcome, err error) {
		if outcome == v2tree.Failed {
			failed[n.Key] = err.Error()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	counts, err := v2tree.Write(ctx, c, seq(nodes), opts)
	if err != nil {
		t.Fatal(err)
	}
	return counts, failed
}

func without(nodes []dump.Node, keys ...string) []dump.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n dump.Node) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return dump.Within(n.Key, key) })
	})
}
