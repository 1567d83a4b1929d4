package etcd

import (
	"fmt"
	"slices"
	"strings"
)

// mirrorTree is what a mirror holds. Its nodes are never changed, only replaced by others, so that they can
// be read when the mirror's lock has been given back.
type mirrorTree struct {
	dir   string
	items map[string]*mirrorItem // by key; what is in here hangs together from dir down

	// See compact.
	made   int // how many items there were when they were made, all at once
	read   int // how many of their nodes shared the memory of the reply that they were read from
	unread int // how many of those are not in the tree any more
}

// mirrorItem is a node in its place.
type mirrorItem struct {
	node     *Node         // without its Nodes
	children []*mirrorItem // in the order of their keys
	read     bool          // the node shares the memory of a reply with others
}

// mirrorChange is what became of a node: old is nil where there was none, next where there is none.
type mirrorChange struct{ old, next *Node }

// newMirrorTree makes node, as it was read, and all below it a tree; nil makes an empty one.
func newMirrorTree(dir string, node *Node) *mirrorTree {
	n := size(node)
	t := &mirrorTree{dir: dir, items: make(map[string]*mirrorItem, n), made: n, read: n}
	if node != nil {
		arena := &mirrorArena{items: make([]mirrorItem, 0, n), children: make([]*mirrorItem, n)}
		t.insert(arena, node)
	}
	return t
}

// size returns how many nodes there are from node down.
func size(node *Node) int {
	if node == nil {
		return 0
	}
	n := 1
	for _, child := range node.Nodes {
		n += size(child)
	}
	return n
}

// mirrorArena is where the items of a whole tree are made, all at once, and their children side by side.
type mirrorArena struct {
	items    []mirrorItem
	children []*mirrorItem // free yet
}

func (t *mirrorTree) insert(arena *mirrorArena, node *Node) *mirrorItem {
	arena.items = append(arena.items, mirrorItem{node: node, read: true})
	item := &arena.items[len(arena.items)-1]
	if n := len(node.Nodes); n > 0 {
		item.children, arena.children = arena.children[:n:n], arena.children[n:]
		slices.SortFunc(node.Nodes, func(a, b *Node) int { return strings.Compare(a.Key, b.Key) })
		for i, child := range node.Nodes {
			item.children[i] = t.insert(arena, child)
		}
	}
	node.Nodes = nil
	t.items[node.Key] = item
	return item
}

// find returns the place of key, or nil. What is not a key is nowhere.
func (t *mirrorTree) find(key string) *mirrorItem {
	if item := t.items[key]; item != nil {
		return item
	}
	key, err := nodeKey(key)
	if err != nil {
		return nil
	}
	return t.items[key]
}

func (t *mirrorTree) get(key string) *Node {
	if item := t.find(key); item != nil {
		return item.node
	}
	return nil
}

// list returns the node of key and all below it, parents first.
func (t *mirrorTree) list(key string) []*Node {
	item := t.find(key)
	if item == nil {
		return nil
	}
	return item.list(nil)
}

func (i *mirrorItem) list(nodes []*Node) []*Node {
	nodes = append(nodes, i.node)
	for _, child := range i.children {
		nodes = child.list(nodes)
	}
	return nodes
}

// copy returns everything as one tree of nodes, nil for nothing.
func (t *mirrorTree) copy() *Node {
	if item := t.items[t.dir]; item != nil {
		return item.copy()
	}
	return nil
}

func (i *mirrorItem) copy() *Node {
	node := bare(i.node)
	if len(i.children) > 0 {
		node.Nodes = make([]*Node, len(i.children))
		for n, child := range i.children {
			node.Nodes[n] = child.copy()
		}
	}
	return node
}

// replace puts node in the place of that of item, which is not needed any more.
func (t *mirrorTree) replace(item *mirrorItem, node *Node) {
	if item.read {
		t.unread++
	}
	item.node, item.read = node, false
}

// apply does what event says, and returns what became of which nodes: parents before their children where
// they come to be, after them where they go.
func (t *mirrorTree) apply(event *Response) ([]mirrorChange, error) {
	defer t.compact()
	node := bare(event.Node)
	switch event.Action {
	case ActionDelete, ActionExpire, ActionCompareAndDelete:
		if !covers(t.dir, node.Key) {
			return t.remove(t.dir), nil // a directory above
		}
		return t.remove(node.Key), nil
	case ActionSet, ActionCreate:
		return t.put(node, nil), nil
	case ActionUpdate, ActionCompareAndSwap:
		return t.update(node), nil
	}
	return nil, fmt.Errorf("etcd: %w: %q of %s at %d", errUnknownAction, event.Action, node.Key, event.Index)
}

// update puts node where one is. It is a directory only when its TTL is changed: what it holds stays, and so
// does its ModifiedIndex on the server, although the event has a new one.
func (t *mirrorTree) update(node *Node) []mirrorChange {
	item := t.items[node.Key]
	if item == nil || !node.Dir || !item.node.Dir {
		return t.put(node, nil)
	}
	old := item.node
	node.ModifiedIndex = old.ModifiedIndex
	t.replace(item, node)
	return []mirrorChange{{old, node}}
}

// put sets node in place of whatever is there, and makes missing directories above it, as the server does. It
// adds to changes what became of which nodes.
func (t *mirrorTree) put(node *Node, changes []mirrorChange) []mirrorChange {
	if !covers(t.dir, node.Key) {
		return nil // a directory above, which is not mirrored
	}
	if parent := parentKey(node.Key); node.Key != t.dir && !t.isDir(parent) {
		index := node.ModifiedIndex
		changes = t.put(&Node{Key: parent, Dir: true, CreatedIndex: index, ModifiedIndex: index}, changes)
	}
	item := t.items[node.Key]
	if item == nil {
		item = &mirrorItem{node: node}
		t.attach(item)
		return append(changes, mirrorChange{nil, node})
	}
	for _, child := range item.children {
		changes = t.removeAll(child, changes)
	}
	old := item.node
	t.replace(item, node)
	item.children = nil
	return append(changes, mirrorChange{old, node})
}

// remove takes key and all below it away.
func (t *mirrorTree) remove(key string) []mirrorChange {
	item := t.items[key]
	if item == nil {
		return nil
	}
	if parent := t.items[parentKey(key)]; parent != nil && key != t.dir {
		if at, found := parent.search(key); found { // or the server has listed it elsewhere
			parent.children = slices.Delete(parent.children, at, at+1)
		}
	}
	return t.removeAll(item, nil)
}

// removeAll forgets item and all below it; its parent is the caller's concern.
func (t *mirrorTree) removeAll(item *mirrorItem, changes []mirrorChange) []mirrorChange {
	for _, child := range item.children {
		changes = t.removeAll(child, changes)
	}
	node := item.node
	delete(t.items, node.Key)
	t.replace(item, nil)
	return append(changes, mirrorChange{node, nil})
}

// attach adds item, whose parent is there.
func (t *mirrorTree) attach(item *mirrorItem) {
	key := item.node.Key
	t.items[key] = item
	t.made = max(t.made, len(t.items))
	if key != t.dir {
		parent := t.items[parentKey(key)]
		at, _ := parent.search(key)
		parent.children = slices.Insert(parent.children, at, item)
	}
}

// search returns where among the children that of key is, or would be.
func (i *mirrorItem) search(key string) (int, bool) {
	return slices.BinarySearchFunc(i.children, key, func(child *mirrorItem, key string) int {
		return strings.Compare(child.node.Key, key)
	})
}

func (t *mirrorTree) isDir(key string) bool {
	item := t.items[key]
	return item != nil && item.node.Dir
}

// diff returns what has to become of which nodes to turn t into next, in the order of apply.
func (t *mirrorTree) diff(next *mirrorTree) []mirrorChange {
	var changes []mirrorChange
	for _, node := range slices.Backward(t.list(t.dir)) {
		if next.items[node.Key] == nil {
			changes = append(changes, mirrorChange{node, nil})
		}
	}
	for _, node := range next.list(t.dir) {
		if old := t.get(node.Key); old == nil || !sameNode(old, node) {
			changes = append(changes, mirrorChange{old, node})
		}
	}
	return changes
}

// sameNode compares everything except the TTL, which is less each time it is read.
func sameNode(a, b *Node) bool {
	return a.Value == b.Value && a.Dir == b.Dir && a.Expiration.Equal(b.Expiration) &&
		a.CreatedIndex == b.CreatedIndex && a.ModifiedIndex == b.ModifiedIndex
}
