package etcd

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// read returns a directory of n files, all of whose texts share one piece of memory, as those of a reply do.
func readDir(n int) *Node {
	var keys strings.Builder
	for i := range n {
		fmt.Fprintf(&keys, "/d/%06d", i)
	}
	text := keys.String() + strings.Repeat("v", 1000*n)
	const key = len("/d/000000")
	root, nodes := &Node{Key: "/d", Dir: true}, make([]Node, n)
	for i := range n {
		value := n*key + 1000*i
		nodes[i] = Node{Key: text[i*key : (i+1)*key], Value: text[value : value+1000], ModifiedIndex: 1, CreatedIndex: 1}
		root.Nodes = append(root.Nodes, &nodes[i])
	}
	return root
}

// memory returns the bytes that what build returns keeps alive: the median of three measurements, because what other tests
// have left ends in between.
func memory(build func() *mirrorTree) int {
	measured := []int{measure(build), measure(build), measure(build)}
	slices.Sort(measured)
	return measured[1]
}

func measure(build func() *mirrorTree) int {
	heap := func() int {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int(stats.HeapAlloc)
	}
	before := heap()
	tree := build()
	after := heap()
	runtime.KeepAlive(tree)
	return after - before
}

func TestMemoryOfAMirrorFollowsItsContent(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes it ten times as slow, and one goroutine cannot race; make test runs it without")
	}
	event := func(action Action, i int) *Response {
		return &Response{Action: action, Index: 2, Node: &Node{Key: fmt.Sprintf("/d/%06d", i), Value: strings.Repeat("n", 10), ModifiedIndex: 2}}
	}
	const all, rest = 20_000, 1_000
	fewer := memory(func() *mirrorTree { return newMirrorTree("/d", readDir(rest)) })
	for name, change := range map[string]func(*mirrorTree){
		"deleted": func(tree *mirrorTree) {
			for i := range all - rest {
				_, _ = tree.apply(event(ActionDelete, i))
			}
		},
		"made, and deleted again": func(tree *mirrorTree) {
			for i := range all {
				_, _ = tree.apply(event(ActionSet, all+i))
			}
			for i := range 2*all - rest {
				_, _ = tree.apply(event(ActionDelete, i))
			}
		},
	} {
		got := memory(func() *mirrorTree {
			tree := newMirrorTree("/d", readDir(all))
			change(tree)
			check(t, name+": nodes", len(tree.items), rest+1)
			return tree
		})
		if 10*got > 13*fewer {
			t.Errorf("%s: %d nodes take %d bytes, when a new mirror of them takes %d", name, rest, got, fewer)
		}
	}
	written := memory(func() *mirrorTree {
		tree := newMirrorTree("/d", readDir(all))
		for i := range all - rest {
			_, _ = tree.apply(event(ActionSet, i))
		}
		return tree
	})
	whole := memory(func() *mirrorTree { return newMirrorTree("/d", readDir(all)) })
	if written > whole/2 {
		t.Errorf("%d nodes, most of which have a small value by now, take %d bytes of the %d that they took first", all, written, whole)
	}
}
