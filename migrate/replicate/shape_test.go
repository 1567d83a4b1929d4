package replicate_test

import (
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/migrate/v3tree"
)

// A model is a tree, and the changes that made it, as a mirror tells them.
type model struct {
	nodes map[string]*etcd.Node
	tell  func(etcd.Change)
}

func (m *model) put(key, value string, dir bool) {
	old := m.nodes[key]
	if old != nil && old.Dir && dir {
		return
	}
	if old != nil && old.Dir {
		m.empty(key)
	}
	if parent := path.Dir(key); parent != "/" && (m.nodes[parent] == nil || !m.nodes[parent].Dir) {
		m.put(parent, "", true)
	}
	node := &etcd.Node{Key: key, Value: value, Dir: dir}
	m.nodes[key] = node
	change := etcd.Change{Type: etcd.ChangeCreated, Key: key, Old: old, New: node}
	if old != nil {
		change.Type = etcd.ChangeUpdated
	}
	m.tell(change)
}

// empty deletes what is in a directory, the deepest first.
func (m *model) empty(dir string) {
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(m.nodes))) {
		if old := m.nodes[key]; strings.HasPrefix(key, dir+"/") {
			delete(m.nodes, key)
			m.tell(etcd.Change{Type: etcd.ChangeDeleted, Key: key, Old: old})
		}
	}
}

func (m *model) remove(key string) {
	if old := m.nodes[key]; old != nil {
		m.empty(key)
		delete(m.nodes, key)
		m.tell(etcd.Change{Type: etcd.ChangeDeleted, Key: key, Old: old})
	}
}

// What is written key by key is what Flatten makes of the whole tree.
func TestFilesAndMarkersFollowATree(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		edits := replicate.FilesOf(seed%2 == 0)
		got := map[string]string{}
		m := &model{nodes: map[string]*etcd.Node{}, tell: func(c etcd.Change) {
			for _, e := range edits(c) {
				if delete(got, e.Key); !e.Gone {
					got[e.Key] = e.Value
				}
			}
		}}
		for step := range 100 {
			key := ""
			for range 1 + random.IntN(4) {
				key += "/" + []string{"a", "b", "b.", "_h"}[random.IntN(4)]
			}
			switch random.IntN(5) {
			case 0:
				m.remove(key)
			case 1:
				m.put(key, "", true)
			default:
				m.put(key, []string{"1", "2"}[random.IntN(2)], false)
			}
			if step%10 > 0 {
				continue
			}
			var nodes []dump.Node
			for _, n := range m.nodes {
				nodes = append(nodes, dump.Node{Key: n.Key, Value: n.Value, Dir: n.Dir})
			}
			slices.SortFunc(nodes, dump.Compare)
			want := map[string]string{}
			for n, err := range v3tree.Flatten(each(nodes), seed%2 == 0) {
				if err != nil {
					t.Fatal(err)
				}
				want[n.Key] = n.Value
			}
			if !maps.Equal(got, want) {
				t.Fatalf("seed %d: the target has %v, want %v", seed, got, want)
			}
		}
	}
}

// each returns the nodes as a sequence.
func each(nodes []dump.Node) func(func(dump.Node, error) bool) {
	return func(yield func(dump.Node, error) bool) {
		for _, n := range nodes {
			if !yield(n, nil) {
				return
			}
		}
	}
}
