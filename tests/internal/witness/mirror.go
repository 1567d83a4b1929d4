package witness

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
)

// Mirror returns a mirror of dir that ends with the test.
func Mirror(tb testing.TB, client *etcd.Client, dir string) *etcd.Mirror {
	tb.Helper()
	m, err := client.Mirror(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Close(); err != nil {
			tb.Error(err)
		}
	})
	return m
}

// CheckMirror compares a mirror of dir that has come to index with a quorum read. A write of unknown
// fate may still be applied meanwhile; there must be no other.
func CheckMirror(ctx context.Context, m *etcd.Mirror, client *etcd.Client, dir string, index uint64) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for before := Nodes(nil); ; {
		server, err := readNodes(ctx, client, dir)
		if err != nil {
			return err
		}
		if err := m.WaitIndex(ctx, max(index, server.newest())); err != nil {
			return fmt.Errorf("the mirror is at %d, %d is to come: %w", m.Index(), max(index, server.newest()), err)
		}
		held := NodesOf(m.Snapshot().Node)
		if maps.Equal(held, server) {
			return nil
		}
		if maps.Equal(before, server) {
			return fmt.Errorf("the mirror of %s: %s", dir, held.Difference(server))
		}
		before = server
	}
}

// Nodes are the nodes of a tree by their keys, with all that lasts: without the TTL, which is less
// each time it is read.
type Nodes map[string]Node

// Node is what is compared of an etcd.Node.
type Node struct {
	Dir               bool
	Value             string
	Created, Modified uint64
	Expires           int64 // in nanoseconds; 0 for never
}

// NewNode returns what is compared of n.
func NewNode(n *etcd.Node) Node {
	node := Node{Dir: n.Dir, Value: n.Value, Created: n.CreatedIndex, Modified: n.ModifiedIndex}
	if !n.Expiration.IsZero() {
		node.Expires = n.Expiration.UnixNano()
	}
	return node
}

// NodesOf returns the nodes of a tree; none for nil.
func NodesOf(root *etcd.Node) Nodes {
	nodes := Nodes{}
	if root != nil {
		for n := range root.Walk() {
			nodes[n.Key] = NewNode(n)
		}
	}
	return nodes
}

func readNodes(ctx context.Context, client *etcd.Client, dir string) (Nodes, error) {
	read, err := client.Get(ctx, dir, etcd.WithRecursive(), etcd.WithQuorum())
	if err != nil {
		return nil, err
	}
	return NodesOf(read.Node), nil
}

// newest returns the index of the last write that is still to be seen.
func (n Nodes) newest() (index uint64) {
	for _, node := range n {
		index = max(index, node.Modified)
	}
	return index
}

// Difference tells where n is not want, and nothing if it is.
func (n Nodes) Difference(want Nodes) (text string) {
	keys := maps.Clone(n)
	maps.Copy(keys, want)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		got, here := n[key]
		wanted, there := want[key]
		if here != there || got != wanted {
			text += fmt.Sprintf("\n%s is %s, should be %s", key, show(got, here), show(wanted, there))
		}
	}
	return text
}

func show(n Node, there bool) string {
	if !there {
		return "nothing"
	}
	return fmt.Sprintf("%+v", n)
}
