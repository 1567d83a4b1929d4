package property_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/etcdv2/client/etcd"
)

// root is the directory that everything happens below. It is never deleted.
const root = "/tree"

// node is what is compared of a file or a directory. The indexes of directories are not: what is made
// for a file in passing has no event that could tell them.
type node struct {
	dir               bool
	value             string
	created, modified uint64
}

// tree is the nodes at and below root by their keys, without the hidden ones.
type tree map[string]node

// replay applies one event: as naive as can be.
func (t tree) replay(event *etcd.Response) {
	key := event.Node.Key
	if hidden(key) {
		return
	}
	if gone(event) {
		maps.DeleteFunc(t, func(other string, _ node) bool { return within(other, key) })
		return
	}
	for parent := path.Dir(key); within(parent, root); parent = path.Dir(parent) {
		t[parent] = node{dir: true}
	}
	t[key] = newNode(event.Node)
}

// gone reports whether the event is the end of its node.
func gone(event *etcd.Response) bool {
	return slices.Contains([]etcd.Action{etcd.ActionDelete, etcd.ActionExpire, etcd.ActionCompareAndDelete}, event.Action)
}

func newNode(n *etcd.Node) node {
	switch {
	case n.Dir:
		return node{dir: true}
	case n.Key == refreshed:
		return node{value: n.Value, created: n.CreatedIndex}
	}
	return node{value: n.Value, created: n.CreatedIndex, modified: n.ModifiedIndex}
}

// newTree returns what a recursive read has listed.
func newTree(read *etcd.Node) tree {
	t := tree{}
	for n := range read.Walk() {
		t[n.Key] = newNode(n)
	}
	return t
}

// differences tells where the trees differ.
func (t tree) differences(other tree) (differences []string) {
	keys := maps.Clone(t)
	maps.Copy(keys, other)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		mine, here := t[key]
		theirs, there := other[key]
		if here != there || mine != theirs {
			differences = append(differences, fmt.Sprintf("%s: the server has %s, the replay %s", key, show(mine, here), show(theirs, there)))
		}
	}
	return differences
}

func show(n node, there bool) string {
	switch {
	case !there:
		return "nothing"
	case n.dir:
		return "a directory"
	}
	return fmt.Sprintf("%q of %d, created at %d", n.value, n.modified, n.created)
}

// within reports whether key is dir or below it.
func within(key, dir string) bool { return key == dir || strings.HasPrefix(key, dir+"/") }

// hidden reports whether the server leaves key out of its lists. Its events are told by the
// history and not by the watches that were open, so nothing can be expected of them.
func hidden(key string) bool { return strings.Contains(key, "/_") }
