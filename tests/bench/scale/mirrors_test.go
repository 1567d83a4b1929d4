package scale_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// Mirrors of one client, of directories below the same one.
func TestMirrors(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		const nodes = 10 // of each
		count, writes := size(20, 200), size(200, 2000)
		g, writing := newGauge(t, endpoint), live.Client(t, endpoint)
		inParallel(count*nodes, 8, func(i int) {
			if _, err := writing.Set(t.Context(), mirrored(i%count, i/count), "begin"); err != nil {
				t.Error(err)
			}
		})
		client := live.Client(t, g.url)
		before := footprint()
		mirrors := make([]*etcd.Mirror, count)
		for i := range mirrors {
			mirrors[i] = live.Must[*etcd.Mirror](t)(client.Mirror(t.Context(), mirrorDir(i)))
		}
		g.settle(t, 8)
		atMost(t, "connections", float64(g.open.Load()), 8)
		begun := footprint()
		g.reset()
		inParallel(writes, 8, func(i int) {
			if _, err := writing.Set(t.Context(), mirrored(rand.IntN(count), rand.IntN(nodes)), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
		for i, mirror := range mirrors {
			want := read(t, writing, mirrorDir(i))
			live.Eventually(t, "the mirror is equal to the tree", func() bool { return maps.Equal(below(mirror, mirrorDir(i)), want) })
		}
		each := func(bytes uint64) string { return fmt.Sprintf("%.1f KiB", float64(bytes-before)/float64(count)/1024) }
		t.Logf("scale: %d mirrors of %d nodes: %s each, after %d writes %s",
			count, nodes, each(begun), writes, each(footprint()))
		t.Logf("scale: connections during the writes, with polls ahead of the feed: %d", g.most.Load())
		observe(t, 60) // until the connections of those polls have been given up
		atMost(t, "connections after the writes", float64(g.open.Load()), 8)
		for _, mirror := range mirrors {
			if err := mirror.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func mirrorDir(i int) string { return fmt.Sprintf("/mirrors/d%03d", i) }

func mirrored(i, node int) string { return fmt.Sprintf("%s/n%d", mirrorDir(i), node) }

// below returns the keys of a mirror, with value and index.
func below(mirror *etcd.Mirror, dir string) map[string]string {
	nodes := map[string]string{}
	for node := range mirror.Range(dir) {
		if !node.Dir {
			nodes[node.Key] = fmt.Sprintf("%s at %d", node.Value, node.ModifiedIndex)
		}
	}
	return nodes
}

// read returns the keys in a directory of the server, with value and index.
func read(t *testing.T, client *etcd.Client, dir string) map[string]string {
	t.Helper()
	nodes := map[string]string{}
	for _, node := range live.Must[*etcd.Response](t)(client.Get(t.Context(), dir)).Node.Nodes {
		nodes[node.Key] = fmt.Sprintf("%s at %d", node.Value, node.ModifiedIndex)
	}
	return nodes
}
