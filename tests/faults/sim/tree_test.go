package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

	"github.com/etcdv2/client/etcd"
)

// trees are those of all records.
type trees struct {
	mu sync.Mutex
	of map[*Record]*tree
}

// differs returns how what a client has seen at and below a key differs from what a record has at an index, or "".
func (t *trees) differs(record *Record, key string, node *etcd.Node, index uint64, recursive bool) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[*Record]*tree{}
	}
	if t.of[record] == nil {
		t.of[record] = &tree{record: record}
	}
	return t.of[record].differs(key, node, index, recursive)
}

// tree is what the visible events of a record add up to. Directories that exist only because a hidden node was made
// in them are not in it.
type tree struct {
	record *Record
	stage
	stages []stage // after each stageEvents events
}

// stage is the tree after some events.
type stage struct {
	read  int
	nodes map[string]leaf
}

// A look at an earlier index applies so many events at most.
const stageEvents = 50

// leaf is what is compared of a node. Of a directory that is little: a hidden node may have made it before.
type leaf struct {
	dir               bool
	value             string
	created, modified uint64
}

// at returns the nodes after the event at index.
func (t *tree) at(index uint64) map[string]leaf {
	all := t.record.Events()
	read, _ := slices.BinarySearchFunc(all, index+1, func(e *v2store.Event, next uint64) int { return cmp.Compare(e.Index(), next) })
	if t.nodes == nil || read < t.read {
		t.stage = t.before(read)
	}
	for ; t.read < read; t.read++ {
		if t.read == (len(t.stages)+1)*stageEvents {
			t.stages = append(t.stages, t.copy())
		}
		t.apply(all[t.read])
	}
	return t.nodes
}

// before returns a copy of the last stage in which no more than some events were read.
func (t *tree) before(read int) stage {
	if n := min(read/stageEvents, len(t.stages)); n > 0 {
		return t.stages[n-1].copy()
	}
	return stage{nodes: map[string]leaf{}}
}

func (s stage) copy() stage { return stage{s.read, maps.Clone(s.nodes)} }

func (s stage) apply(e *v2store.Event) {
	key := plain(e.Node.Key)
	old, there := s.nodes[key]
	if old.dir && (isEnd(e) || !e.Node.Dir) {
		maps.DeleteFunc(s.nodes, func(other string, _ leaf) bool { return within(other, key) })
	}
	if isEnd(e) {
		delete(s.nodes, key)
		return
	}
	n := leaf{dir: e.Node.Dir}
	if !n.dir {
		n = leaf{false, *e.Node.Value, e.Node.CreatedIndex, e.Node.ModifiedIndex}
	}
	s.nodes[key] = n
	if there { // and so is what is above it
		return
	}
	for dir := above(key); dir != ""; dir = above(dir) {
		s.nodes[dir] = leaf{dir: true}
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
