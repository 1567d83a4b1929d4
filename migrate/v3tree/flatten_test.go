package v3tree_test

import (
	"iter"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v3tree"
)

// tree returns the nodes of a tree: keys that end in a slash are directories, and what is behind a blank is the TTL.
func tree(t testing.TB, keys ...string) []dump.Node {
	var nodes []dump.Node
	for _, text := range keys {
		key, ttl, _ := strings.Cut(text, " ")
		node := dump.Node{Key: strings.TrimSuffix(key, "/"), Dir: strings.HasSuffix(key, "/")}
		if !node.Dir {
			node.Value = "value of " + key
		}
		if ttl != "" {
			d, err := time.ParseDuration(ttl)
			if err != nil {
				t.Fatal(err)
			}
			node.TTL, node.Expires = int64(d/time.Second), epoch.Add(d)
		}
		nodes = append(nodes, node)
	}
	slices.SortFunc(nodes, dump.Compare)
	return nodes
}

var epoch = time.Now().Round(0)

// seq returns the nodes as a sequence.
func seq(nodes []dump.Node) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		for _, n := range nodes {
			if !yield(n, nil) {
				return
			}
		}
	}
}

// collect returns the nodes of a sequence.
func collect(t testing.TB, nodes iter.Seq2[dump.Node, error]) []dump.Node {
	t.Helper()
	var all []dump.Node
	for node, err := range nodes {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, node)
	}
	return all
}

func keys(nodes []dump.Node) string {
	var keys []string
	for _, n := range nodes {
		keys = append(keys, n.Key)
	}
	return strings.Join(keys, " ")
}

func TestFlatten(t *testing.T) {
	in := tree(t, "/a/", "/a.b/", "/a.b/x", "/a/c/", "/a/d/", "/a/d/f", "/e/", "/f")
	if got, want := keys(collect(t, v3tree.Flatten(seq(in), true))), "/a.b/x /a/c/ /a/d/f /e/ /f"; got != want {
		t.Errorf("with markers: %s\nwant %s", got, want)
	}
	if got, want := keys(collect(t, v3tree.Flatten(seq(in), false))), "/a.b/x /a/d/f /f"; got != want {
		t.Errorf("without markers: %s\nwant %s", got, want)
	}
}

func TestFlattenInheritsExpiries(t *testing.T) {
	in := tree(t, "/a/ 1h", "/a.b", "/a/c", "/a/d 1m", "/a/e 2h", "/a/f/ 30m", "/a/f/g", "/b 3h")
	want := map[string]time.Duration{
		"/a.b": 0, "/a/c": time.Hour, "/a/d": time.Minute, "/a/e": time.Hour, "/a/f/g": 30 * time.Minute, "/b": 3 * time.Hour,
	}
	for _, node := range collect(t, v3tree.Flatten(seq(in), false)) {
		end := time.Time{}
		if d := want[node.Key]; d != 0 {
			end = epoch.Add(d)
		}
		if !node.Expires.Equal(end) {
			t.Errorf("%s expires at %v, want %v", node.Key, node.Expires, end)
		}
	}
}

// Random trees are flattened as their definition says, in order.
func TestFlattenOfRandomTrees(t *testing.T) {
	for range 300 {
		made := map[string]bool{} // by key, whether it is a directory
		for range rand.IntN(30) {
			key := ""
			for range 1 + rand.IntN(4) {
				key += "/" + []string{"a", "a.", "a!b", "b", "a0"}[rand.IntN(5)]
			}
			if _, ok := made[key]; ok {
				continue
			}
			ok := true
			for dir := path.Dir(key); dir != "/"; dir = path.Dir(dir) {
				isDir, there := made[dir]
				ok = ok && (!there || isDir)
			}
			if !ok {
				continue
			}
			for dir := path.Dir(key); dir != "/"; dir = path.Dir(dir) {
				made[dir] = true
			}
			made[key] = rand.IntN(3) == 0
		}
		var in, want []string
		for key, dir := range made {
			switch {
			case !dir:
				in, want = append(in, key), append(want, key)
			default:
				in = append(in, key+"/")
				full := false
				for other := range made {
					full = full || strings.HasPrefix(other, key+"/")
				}
				if !full {
					want = append(want, key+"/")
				}
			}
		}
		slices.Sort(want)
		if got := keys(collect(t, v3tree.Flatten(seq(tree(t, in...)), true))); got != strings.Join(want, " ") {
			t.Fatalf("%q becomes\n     %s\nwant %s", in, got, strings.Join(want, " "))
		}
	}
}
