package mirror_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

func TestMain(m *testing.M) { live.Main(m) }

// must returns the response of a call that has to work.
func must(t testing.TB) func(*etcd.Response, error) *etcd.Response {
	return live.Must[*etcd.Response](t)
}

// mirror returns a mirror of dir that ends with the test.
func mirror(t testing.TB, client *etcd.Client, dir string) *etcd.Mirror {
	t.Helper()
	return witness.Mirror(t, client, dir)
}

// soon bounds a wait that would otherwise outlast the test's own time.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// holdsTheSame waits until the mirror has come to what a read sees now, and compares the two.
func holdsTheSame(t *testing.T, m *etcd.Mirror, client *etcd.Client, dir string, written uint64) {
	t.Helper()
	if err := m.WaitIndex(soon(t), written); err != nil {
		t.Fatal(err)
	}
	read := must(t)(client.Get(t.Context(), dir, etcd.WithRecursive(), etcd.WithSorted(), etcd.WithQuorum()))
	for node := range read.Node.Walk() {
		node.TTL = 0 // is less each time
	}
	snapshot := m.Snapshot()
	for node := range snapshot.Walk() {
		node.TTL = 0
	}
	if !reflect.DeepEqual(snapshot.Node, read.Node) {
		t.Errorf("the mirror of %s at %d differs from the read at %d:", dir, snapshot.Index, read.Index)
		for node := range snapshot.Walk() {
			t.Logf("mirror %+v", *node)
		}
		for node := range read.Node.Walk() {
			t.Logf("read   %+v", *node)
		}
	}
}

// missing says of a node that it is not there, file of one that it is, with a value.
func missing(n *etcd.Node) bool { return n == nil }

func file(value string) func(*etcd.Node) bool {
	return func(n *etcd.Node) bool { return n != nil && !n.Dir && n.Value == value }
}
