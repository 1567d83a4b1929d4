package etcd

import "strings"

// leastCompacted is the number of nodes below which a tree is not worth being compacted.
const leastCompacted = 64

// compact makes the tree anew when half of what was made at once is not needed any more. Until then the rest
// keeps all of it in memory: the nodes that were read share the memory of the reply, the items that of one
// array, and a map does not shrink. So the memory of a mirror follows its content, at a cost for each change
// that does not depend on its size.
func (t *mirrorTree) compact() {
	if t.made < leastCompacted || len(t.items) >= t.made/2 && t.unread <= t.read/2 {
		return
	}
	next := &mirrorTree{dir: t.dir, items: make(map[string]*mirrorItem, len(t.items)), made: len(t.items)}
	if root := t.items[t.dir]; root != nil {
		next.copyOf(root)
	}
	*t = *next
}

// copyOf adds a copy of item, and of all below it, that shares no memory with it.
func (t *mirrorTree) copyOf(item *mirrorItem) *mirrorItem {
	node := *item.node
	node.Key, node.Value = strings.Clone(node.Key), strings.Clone(node.Value)
	made := &mirrorItem{node: &node}
	if len(item.children) > 0 {
		made.children = make([]*mirrorItem, len(item.children))
		for i, child := range item.children {
			made.children[i] = t.copyOf(child)
		}
	}
	t.items[node.Key] = made
	return made
}
