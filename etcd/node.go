package etcd

import (
	"iter"
	"time"
)

// Node is a key and its content: a value or, for a directory, other nodes. Its JSON is that of etcd's API.
type Node struct {
	// Key is the full key, with its leading slash and without a trailing one. The root is "/", the only key that
	// ends in a slash: mind it when you cut a prefix from a key.
	Key string

	// Value is the value of a file. It is empty for a directory, and for the node of a deletion: the last value
	// is in Response.PrevNode.
	Value string

	// Dir is true for a directory. Etcd before 3.2 leaves it out of the node of an expired directory;
	// Response.PrevNode has it then.
	Dir bool

	// Nodes are the children of a directory that the call asked for: the direct children of the directory that
	// was read or, with WithRecursive, all levels. Hidden nodes, whose last segment begins with "_", are not
	// listed.
	Nodes []*Node

	// TTL is the time that the node had left to live when the server answered, in whole seconds, rounded up. It
	// is zero for a node that does not expire, and zero or less for a node that has expired but was not deleted
	// yet. Expiration tells the two apart.
	TTL time.Duration

	// Expiration is when the node expires by the server's clock. The zero time means never.
	Expiration time.Time

	// CreatedIndex and ModifiedIndex are the etcd indexes of the write that created the node and of the one
	// that changed it last. A Set counts as a creation, an Update or CompareAndSwap does not. Both are zero
	// for the root.
	CreatedIndex  uint64
	ModifiedIndex uint64
}

// Children iterates over the direct children of a directory, in the order in which the server listed them. A nil
// Node has none.
func (n *Node) Children() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			if !yield(child) {
				return
			}
		}
	}
}

// Walk iterates over the node itself and everything below it, parents before their children. A nil Node has
// nothing.
func (n *Node) Walk() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { n.walk(yield) }
}

func (n *Node) walk(yield func(*Node) bool) bool {
	if n == nil || !yield(n) {
		return false
	}
	for _, child := range n.Nodes {
		if !child.walk(yield) {
			return false
		}
	}
	return true
}

// Leaves iterates over the files at or below the node. A file is its own leaf. A directory is never a leaf, even
// if it is empty. A nil Node has no leaves.
func (n *Node) Leaves() iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for node := range n.Walk() {
			if !node.Dir && !yield(node) {
				return
			}
		}
	}
}
