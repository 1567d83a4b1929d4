package contract

import (
	"reflect"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// On somebody's cluster the suite leaves everything as it was; if it may not write, even the index.
func TestStrangersClusterStaysAsItWas(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	client := live.Client(t, cluster.Endpoints()[0])
	live.Must[*etcd.Response](t)(client.Set(t.Context(), "/theirs", "1"))
	look := func() *etcd.Response {
		return live.Must[*etcd.Response](t)(client.Get(t.Context(), "/", etcd.WithRecursive(), etcd.WithQuorum()))
	}
	before := look()

	t.Setenv("CONTRACT_READONLY", "1")
	checkStranger(t, cluster.Endpoints())
	if after := look(); after.Index != before.Index {
		t.Errorf("reading only moved the index from %d to %d", before.Index, after.Index)
	}
	t.Setenv("CONTRACT_READONLY", "")
	checkStranger(t, cluster.Endpoints())
	after := look()
	if !reflect.DeepEqual(after.Node.Nodes, before.Node.Nodes) {
		t.Errorf("it was %+v, and is %+v now", before.Node.Nodes, after.Node.Nodes)
	}
	if after.Index == before.Index {
		t.Error("nothing was written at all")
	}
}
