package property_test

import (
	"context"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/witness"
)

// mirrored is a mirror of root, and a consumer of its changes.
type mirrored struct {
	mirror   *etcd.Mirror
	listener *witness.Listener
}

func newMirrored(t *testing.T, client *etcd.Client) mirrored {
	t.Helper()
	m := witness.Mirror(t, client, root)
	return mirrored{m, witness.Listen(t, m, root, func(int) {})}
}

// check compares the mirror with the tree that was read, in which only the marker has been written since
// then, and what its changes tell with the mirror. It is false if the mirror has moved on: then
// something has expired.
func (m mirrored) check(t *testing.T, read *etcd.Node, marked *etcd.Node) (settled bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), witness.Patience)
	defer cancel()
	if err := m.mirror.WaitIndex(ctx, marked.ModifiedIndex); err != nil {
		t.Fatalf("the mirror is at %d, %d is to come: %v", m.mirror.Index(), marked.ModifiedIndex, err)
	}
	snapshot := m.mirror.Snapshot()
	if snapshot.Index != marked.ModifiedIndex {
		return false
	}
	want := witness.NodesOf(read)
	want[marker] = witness.NewNode(marked)
	held := witness.NodesOf(snapshot.Node)
	// No event tells of a refresh, which changes these.
	asRefreshed := held[refreshed]
	asRefreshed.Expires, asRefreshed.Modified = want[refreshed].Expires, want[refreshed].Modified
	held[refreshed] = asRefreshed
	if difference := held.Difference(want); difference != "" {
		t.Errorf("the mirror at %d: %s", snapshot.Index, difference)
	}
	if err := m.listener.Await(m.mirror); err != nil {
		t.Error(err)
	}
	return true
}
