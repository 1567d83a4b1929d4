package v3tree

import (
	"container/heap"
	"iter"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

// Flatten returns what v3 can hold of a tree that is sorted by dump.Compare, sorted likewise: the files, each with the
// earliest expiry of its own and those of the directories above it and, with markers, a node for each directory that nothing
// is in. The Key of such a marker ends in a slash, and its Dir is true.
//
// It remembers no more than the directories above a key, and those with an expiry.
func Flatten(nodes iter.Seq2[dump.Node, error], markers bool) iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		var lives dump.Lifetimes
		var empty dirHeap // those of which it is not known yet whether something is in them
		flush := func(upTo string, all bool) bool {
			for len(empty) > 0 && (all || empty[0].Key < upTo) {
				dir := heap.Pop(&empty).(dump.Node)
				if strings.HasPrefix(upTo, dir.Key) {
					continue
				}
				if !yield(dir, nil) {
					return false
				}
			}
			return true
		}
		for node, err := range nodes {
			if err != nil {
				yield(dump.Node{}, err)
				return
			}
			if !flush(node.Key, false) {
				return
			}
			node = inherit(node, lives.Above(node))
			switch {
			case !node.Dir:
				if !yield(node, nil) {
					return
				}
			case markers && node.Key != "/":
				node.Key += "/"
				heap.Push(&empty, node)
			}
		}
		flush("", true)
	}
}

// dirHeap holds markers, the first one first.
type dirHeap []dump.Node

func (h dirHeap) Len() int           { return len(h) }
func (h dirHeap) Less(i, j int) bool { return h[i].Key < h[j].Key }
func (h dirHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dirHeap) Push(x any)        { *h = append(*h, x.(dump.Node)) }
func (h *dirHeap) Pop() any {
	last := len(*h) - 1
	node := (*h)[last]
	*h = (*h)[:last]
	return node
}

// inherit returns node with the expiry of a directory above it if that is earlier.
func inherit(node dump.Node, above time.Time) dump.Node {
	if !above.IsZero() && (node.Expires.IsZero() || above.Before(node.Expires)) {
		node.Expires, node.TTL = above, left(above, time.Now())
	}
	return node
}

// left returns the whole seconds from now until expires, rounded up. It is zero or less if expires has passed.
func left(expires, now time.Time) int64 {
	return int64((expires.Sub(now) + time.Second - 1) / time.Second)
}
