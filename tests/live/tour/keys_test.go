package tour_test

import (
	"path"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

var keyStops = []stop{
	{"Client.Set Client.Get Client.Exists", setAndRead},
	{"Client.Create Client.Update", createAndUpdate},
	{"Client.CompareAndSwap Client.CompareAndDelete", compare},
	{"Client.CreateInOrder", createInOrder},
	{"Client.CreateDir Client.UpdateDir", directories},
	{"Client.Refresh", refresh},
	{"Client.Register Registration.Err Registration.SetValue Registration.Close", register},
	{"Client.Modify", modify},
	{"Client.Delete", deletions},
}

func must(t *testing.T) func(*etcd.Response, error) *etcd.Response {
	t.Helper()
	return live.Must[*etcd.Response](t)
}

// did checks what a successful call did and left there; an empty value is a directory's or a deleted node's.
func did(t *testing.T, resp *etcd.Response, action etcd.Action, value string) {
	t.Helper()
	if resp.Action != action || resp.Node.Value != value {
		t.Errorf("got %s of %q, want %s of %q", resp.Action, resp.Node.Value, action, value)
	}
}

// lives checks a node's TTL; a minute is as good as 59 seconds.
func lives(t *testing.T, node *etcd.Node, ttl time.Duration) {
	t.Helper()
	if node.TTL > ttl || node.TTL < ttl-30*time.Second {
		t.Errorf("%s lives %v, want %v", node.Key, node.TTL, ttl)
	}
}

func setAndRead(t *testing.T, v visit) {
	key := v.dir + "/a b?"
	did(t, must(t)(v.client.Set(t.Context(), key, "1", etcd.WithTTL(time.Minute))), etcd.ActionSet, "1")
	set := must(t)(v.client.Set(t.Context(), key, "2"))
	if did(t, set, etcd.ActionSet, "2"); set.PrevNode == nil || set.PrevNode.Value != "1" {
		t.Errorf("before it was %+v", set.PrevNode)
	}
	did(t, must(t)(v.client.Get(t.Context(), key)), etcd.ActionGet, "2")
	did(t, must(t)(v.client.Get(t.Context(), key, etcd.WithQuorum())), etcd.ActionGet, "2")
	root := must(t)(v.client.Get(t.Context(), "/", etcd.WithRecursive(), etcd.WithSorted()))
	if root.Node.Key != "/" || !root.Node.Dir || root.Index < set.Index {
		t.Errorf("the root is %+v at %d", root.Node, root.Index)
	}
	for key, want := range map[string]bool{key: true, v.dir: true, v.dir + "/none": false} {
		if got := live.Must[bool](t)(v.client.Exists(t.Context(), key)); got != want {
			t.Errorf("%s exists: %v", key, got)
		}
	}
	_, err := v.client.Get(t.Context(), v.dir+"/none")
	fails(t, err, etcd.ErrKeyNotFound)
}

func createAndUpdate(t *testing.T, v visit) {
	key := v.dir + "/a"
	_, err := v.client.Update(t.Context(), key, "0")
	fails(t, err, etcd.ErrKeyNotFound)
	did(t, must(t)(v.client.Create(t.Context(), key, "1", etcd.WithTTL(time.Minute))), etcd.ActionCreate, "1")
	_, err = v.client.Create(t.Context(), key, "2")
	fails(t, err, etcd.ErrNodeExist)
	kept := must(t)(v.client.Update(t.Context(), key, "3", etcd.WithKeepTTL()))
	if kept.Node.Value != "3" {
		t.Errorf("updated to %q", kept.Node.Value)
	}
	lives(t, kept.Node, time.Minute)
	updated := must(t)(v.client.Update(t.Context(), key, "4"))
	did(t, updated, etcd.ActionUpdate, "4")
	lives(t, updated.Node, 0)
	unique := must(t)(v.client.Create(t.Context(), v.dir+"/unique", "5", etcd.WithUniqueValue()))
	did(t, must(t)(v.client.Get(t.Context(), v.dir+"/unique")), etcd.ActionGet, unique.Node.Value)
}

func compare(t *testing.T, v visit) {
	key := v.dir + "/a"
	set := must(t)(v.client.Set(t.Context(), key, "1"))
	for _, wrong := range []etcd.Prev{{Value: "x"}, {Index: set.Index + 1}, {Value: "x", Index: set.Index}} {
		_, err := v.client.CompareAndSwap(t.Context(), key, "2", wrong)
		fails(t, err, etcd.ErrCompareFailed)
		_, err = v.client.CompareAndDelete(t.Context(), key, wrong)
		fails(t, err, etcd.ErrCompareFailed)
	}
	swapped := must(t)(v.client.CompareAndSwap(t.Context(), key, "2", etcd.Prev{Value: "1", Index: set.Index}))
	did(t, swapped, etcd.ActionCompareAndSwap, "2")
	did(t, must(t)(v.client.CompareAndDelete(t.Context(), key, etcd.Prev{Index: swapped.Index})), etcd.ActionCompareAndDelete, "")
	_, err := v.client.CompareAndSwap(t.Context(), key, "3", etcd.Prev{Value: "2"})
	fails(t, err, etcd.ErrKeyNotFound)
}

func createInOrder(t *testing.T, v visit) {
	for _, value := range []string{"1", "2"} {
		created := must(t)(v.client.CreateInOrder(t.Context(), v.dir, value, etcd.WithTTL(time.Minute)))
		did(t, created, etcd.ActionCreate, value)
		if name := path.Base(created.Node.Key); !v.server.inOrder.MatchString(name) {
			t.Errorf("its name is %s", name)
		}
	}
	var values string
	for node := range must(t)(v.client.Get(t.Context(), v.dir, etcd.WithSorted())).Node.Children() {
		values += node.Value
	}
	if len(values) != 2 {
		t.Errorf("the queue has %q", values)
	}
}

func directories(t *testing.T, v visit) {
	created := must(t)(v.client.CreateDir(t.Context(), v.dir, etcd.WithTTL(time.Minute)))
	if lives(t, created.Node, time.Minute); !created.Node.Dir {
		t.Errorf("created %+v", created.Node)
	}
	_, err := v.client.CreateDir(t.Context(), v.dir)
	fails(t, err, etcd.ErrNodeExist)
	updated, err := v.client.UpdateDir(t.Context(), v.dir, etcd.WithTTL(time.Hour))
	if fails(t, err, v.server.updateDir); err == nil {
		lives(t, updated.Node, time.Hour)
	}
	must(t)(v.client.Set(t.Context(), v.dir+"/file", "1"))
	_, err = v.client.UpdateDir(t.Context(), v.dir+"/file")
	fails(t, err, etcd.ErrNotDir)
}

func register(t *testing.T, v visit) {
	key := v.dir + "/r"
	r := live.Must[*etcd.Registration](t)(v.client.Register(t.Context(), key, "1", time.Minute))
	fails(t, r.Err(), nil)
	fails(t, r.SetValue(t.Context(), "2"), nil)
	got := must(t)(v.client.Get(t.Context(), key))
	did(t, got, etcd.ActionGet, "2")
	lives(t, got.Node, time.Minute)
	fails(t, r.Close(t.Context()), nil)
	_, err := v.client.Get(t.Context(), key)
	fails(t, err, etcd.ErrKeyNotFound)
}

func refresh(t *testing.T, v visit) {
	key := v.dir + "/a"
	_, err := v.client.Refresh(t.Context(), key, time.Minute)
	fails(t, err, etcd.ErrKeyNotFound)
	set := must(t)(v.client.Set(t.Context(), key, "1", etcd.WithTTL(time.Minute)))
	refreshed := must(t)(v.client.Refresh(t.Context(), key, time.Hour))
	lives(t, refreshed.Node, time.Hour)
	did(t, must(t)(v.client.Get(t.Context(), key)), etcd.ActionGet, "1")
	must(t)(v.client.Delete(t.Context(), key))
	event := must(t)(v.client.WatchOnce(t.Context(), key, etcd.WithAfterIndex(set.Index)))
	if seen := event.Action != etcd.ActionDelete; seen != v.server.refreshSeen {
		t.Errorf("the next event is %s", event.Action)
	}

	must(t)(v.client.CreateDir(t.Context(), v.dir+"/dir", etcd.WithTTL(time.Minute)))
	_, err = v.client.Refresh(t.Context(), v.dir+"/dir", time.Hour)
	fails(t, err, v.server.refreshDir)
}

func modify(t *testing.T, v visit) {
	key := v.dir + "/a"
	more := func(current string) (string, error) { return current + "1", nil }
	_, err := v.client.Modify(t.Context(), key, more)
	fails(t, err, etcd.ErrKeyNotFound)
	must(t)(v.client.Set(t.Context(), key, "", etcd.WithTTL(time.Minute)))
	for _, want := range []string{"1", "11"} { // the first time it is compared by its index
		modified := must(t)(v.client.Modify(t.Context(), key, more))
		did(t, modified, etcd.ActionCompareAndSwap, want)
		lives(t, modified.Node, time.Minute)
	}
	lives(t, must(t)(v.client.Modify(t.Context(), key, more, etcd.WithoutTTL())).Node, 0)
}

func deletions(t *testing.T, v visit) {
	must(t)(v.client.Set(t.Context(), v.dir+"/dir/a", "1"))
	_, err := v.client.Delete(t.Context(), v.dir+"/dir")
	fails(t, err, etcd.ErrNotFile)
	_, err = v.client.Delete(t.Context(), v.dir+"/dir", etcd.WithDir())
	fails(t, err, etcd.ErrDirNotEmpty)
	deleted := must(t)(v.client.Delete(t.Context(), v.dir+"/dir/a"))
	if did(t, deleted, etcd.ActionDelete, ""); deleted.PrevNode == nil || deleted.PrevNode.Value != "1" {
		t.Errorf("before it was %+v", deleted.PrevNode)
	}
	must(t)(v.client.Delete(t.Context(), v.dir+"/dir", etcd.WithDir()))
	must(t)(v.client.Set(t.Context(), v.dir+"/tree/a/b", "1"))
	did(t, must(t)(v.client.Delete(t.Context(), v.dir+"/tree", etcd.WithRecursive())), etcd.ActionDelete, "")
	_, err = v.client.Delete(t.Context(), v.dir+"/tree")
	fails(t, err, etcd.ErrKeyNotFound)
	_, err = v.client.Delete(t.Context(), "/", etcd.WithRecursive())
	fails(t, err, etcd.ErrRootReadOnly)
}
