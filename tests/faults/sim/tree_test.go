package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

	"github.com/etcdv2/client/etcd"
)

// tree is what the visible events of a record add up to. Directories that exist only because a hidden node was made
// in them are not in it.
type tree struct {
	record *Record
	read   int
	index  uint64
	nodes  map[string]leaf
}

// leaf is what is compared of a node. Of a directory that is little: a hidden node may have made it before.
type leaf struct {
	dir               bool
	value             string
	created, modified uint64
}

// at returns the nodes after the event at index.
func (t *tree) at(index uint64) map[string]leaf {
	if t.nodes == nil || index < t.index {
		t.nodes, t.read = map[string]leaf{}, 0
	}
	t.index = index
	all := t.record.Events()
	for t.read < len(all) && all[t.read].Index() <= index {
		t.apply(all[t.read])
		t.read++
	}
	return t.nodes
}

func (t *tree) apply(e *v2store.Event) {
	key := plain(e.Node.Key)
	if old := t.nodes[key]; isEnd(e) || !old.dir || !e.Node.Dir {
		maps.DeleteFunc(t.nodes, func(other string, _ leaf) bool { return other == key || within(other, key) })
	}
	if isEnd(e) {
		return
	}
	n := leaf{dir: e.Node.Dir}
	if !n.dir {
		n = leaf{false, *e.Node.Value, e.Node.CreatedIndex, e.Node.ModifiedIndex}
	}
	t.nodes[key] = n
	for dir := above(key); dir != ""; dir = above(dir) {
		t.nodes[dir] = leaf{dir: true}
	}
}

// differs returns how what a client has seen at and below a key differs from what was there at an index, or "".
func (t *tree) differs(key string, node *etcd.Node, index uint64, recursive bool) string {
	got := map[string]leaf{}
	for n := range node.Walk() {
		if n.Key != "/" {
			got[n.Key] = leafOf(n)
		}
	}
	want := maps.Clone(t.at(index))
	maps.DeleteFunc(want, func(other string, _ leaf) bool {
		return other != key && !within(other, key) || !recursive && strings.Count(other, "/") > strings.Count(key, "/")+1
	})
	for _, k := range slices.Sorted(maps.Keys(got)) {
		n, here := want[k]
		switch {
		case !here && got[k].dir: // perhaps because of a hidden node
			for other := range got {
				if within(other, k) && !got[other].dir {
					return fmt.Sprintf("%s is there, which was not", other)
				}
			}
		case !here || !n.equals(got[k]):
			return fmt.Sprintf("%s is %+v, and was %+v (there: %v)", k, got[k], n, here)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if _, here := got[k]; !here {
			return fmt.Sprintf("%s is not there, and was %+v", k, want[k])
		}
	}
	return ""
}

// equals compares. A refresh changes the modified index, and makes no event: the value tells changes apart.
func (l leaf) equals(other leaf) bool {
	return l.dir == other.dir && l.value == other.value && l.created == other.created
}

func leafOf(n *etcd.Node) leaf {
	if n.Dir {
		return leaf{dir: true}
	}
	return leaf{false, n.Value, n.CreatedIndex, n.ModifiedIndex}
}
