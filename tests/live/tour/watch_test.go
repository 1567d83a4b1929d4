package tour_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

var watchStops = []stop{
	{"Client.Watch", watch},
	{"Client.WatchOnce", watchOnce},
	{"Client.Mirror Mirror.Get Mirror.Range Mirror.Snapshot Mirror.Snapshots Snapshot.Walk Snapshot.Leaves Mirror.Index Mirror.Age Mirror.WaitIndex " +
		"Mirror.WaitFor Mirror.Changes Mirror.Err Mirror.Close", mirror},
}

// Every kind of write is an event: of the past, and then of the present.
func watch(t *testing.T, v visit) {
	key := v.dir + "/a"
	set := must(t)(v.client.Set(t.Context(), key, "1"))
	must(t)(v.client.Update(t.Context(), key, "2"))
	must(t)(v.client.CompareAndSwap(t.Context(), key, "3", etcd.Prev{Value: "2"}))
	must(t)(v.client.Delete(t.Context(), key))
	last := must(t)(v.client.Create(t.Context(), key, "4"))
	var actions []etcd.Action
	for event, err := range v.client.Watch(t.Context(), v.dir, etcd.WithRecursive(), etcd.WithAfterIndex(set.Index-1)) {
		if err != nil {
			t.Fatal(err)
		}
		if actions = append(actions, event.Action); event.Index == last.Index {
			must(t)(v.client.CompareAndDelete(t.Context(), key, etcd.Prev{Value: "4"}))
		} else if event.Action == etcd.ActionCompareAndDelete {
			break
		}
	}
	want := []etcd.Action{
		etcd.ActionSet, etcd.ActionUpdate, etcd.ActionCompareAndSwap, etcd.ActionDelete, etcd.ActionCreate, etcd.ActionCompareAndDelete,
	}
	if !slices.Equal(actions, want) {
		t.Errorf("got %v", actions)
	}
}

func watchOnce(t *testing.T, v visit) {
	key := v.dir + "/dir/a"
	set := must(t)(v.client.Set(t.Context(), key, "1", etcd.WithTTL(1e9)))
	expired := must(t)(v.client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index)))
	if did(t, expired, etcd.ActionExpire, ""); expired.PrevNode == nil || expired.PrevNode.Value != "1" {
		t.Errorf("before it was %+v", expired.PrevNode)
	}

	must(t)(v.client.Set(t.Context(), key, "2"))
	did(t, must(t)(v.client.WatchOnce(t.Context(), key, etcd.WithCurrent())), etcd.ActionGet, "2")

	set = must(t)(v.client.Set(t.Context(), key, "3"))
	above := must(t)(v.client.Delete(t.Context(), v.dir+"/dir", etcd.WithRecursive()))
	next := must(t)(v.client.Set(t.Context(), key, "4"))
	want := next.Index
	if v.server.deletionAbove {
		want = above.Index
	}
	event := must(t)(v.client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index)))
	if event.Index != want {
		t.Errorf("after the deletion at %d and a set at %d comes %s at %d", above.Index, next.Index, event.Action, event.Index)
	}
}

func mirror(t *testing.T, v visit) {
	ctx := t.Context()
	must(t)(v.client.Set(ctx, v.dir+"/a", "1"))
	m := live.Must[*etcd.Mirror](t)(v.client.Mirror(ctx, v.dir))
	must(t)(v.client.CreateInOrder(ctx, v.dir+"/queue", "2"))
	last := must(t)(v.client.Set(ctx, v.dir+"/b", "3"))
	if err := m.WaitIndex(ctx, last.Index); err != nil {
		t.Fatal(err)
	}
	node := live.Must[*etcd.Node](t)(m.WaitFor(ctx, v.dir+"/b", func(n *etcd.Node) bool { return n != nil }))
	if held, ok := m.Get(v.dir + "/b"); !ok || held.Value != "3" || node.Value != "3" {
		t.Errorf("the mirror holds %+v, and waited for %+v", held, node)
	}

	snapshot := m.Snapshot()
	if all := len(slices.Collect(m.Range(v.dir))); all != 5 || len(slices.Collect(snapshot.Walk())) != all {
		t.Errorf("the mirror holds %d nodes", all)
	}
	if files := len(slices.Collect(snapshot.Leaves())); files != 3 || snapshot.Index < last.Index || m.Index() < last.Index || m.Age() < 0 {
		t.Errorf("%d files at %d, %d, %v old", files, snapshot.Index, m.Index(), m.Age())
	}
	for again, err := range m.Snapshots(ctx) {
		if err != nil || again.Index < last.Index {
			t.Error(again.Index, err)
		}
		break
	}
	told := 0
	for change, err := range m.Changes(ctx) {
		if err != nil || change.Type != etcd.ChangeCreated {
			t.Fatal(change, err)
		}
		if told++; told == 5 {
			break
		}
	}
	synced := false
	for change, err := range m.Changes(ctx) {
		if synced = change.Type == etcd.ChangeSynced; synced || err != nil {
			break
		}
	}
	if !synced {
		t.Error("the loop was not told that it has been told everything")
	}
	if err := errors.Join(m.Err(), m.Close()); err != nil {
		t.Error(err)
	}
	fails(t, m.WaitIndex(context.WithoutCancel(ctx), last.Index+1000), etcd.ErrClosed)
}
