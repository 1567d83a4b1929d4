package property_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

const (
	patience  = 3 * time.Second // with one step
	permanent = root + "/stay"  // a directory that no step deletes, so that it can have hidden keys
)

// refreshed is the only key that is refreshed: that moves its modifiedIndex, and no watch is told.
const refreshed = permanent + "/refreshed"

// writer does random steps. What comes of one is the watches' business: many fail, since the key is
// not there, or is a directory, or a member is down.
type writer struct {
	client *etcd.Client
	random *rand.Rand
	n      int
}

// dirs and names are few, so that steps meet: of a step on a key, one in ten is on the key itself.
var (
	dirs  = []string{root, permanent, root + "/a", root + "/a/b", root + "/ab", root + "/c"}
	names = []string{"x", "y", "z"}
)

func (w *writer) dir() string { return dirs[w.random.IntN(len(dirs))] }

func (w *writer) key() string { return w.dir() + "/" + names[w.random.IntN(len(names))] }

// temporary returns a directory that may be deleted.
func (w *writer) temporary() string { return dirs[2+w.random.IntN(len(dirs)-2)] }

// hidden returns a hidden key in a directory that is there for certain: a directory that is made for
// a hidden key in passing has no event at all.
func (w *writer) hidden() string { return dirs[w.random.IntN(2)] + "/_hidden" }

func (w *writer) value() string { return fmt.Sprint("value ", w.n) }

// step is one kind of thing to do, as often as its weight says.
type step struct {
	weight int
	do     func(w *writer, ctx context.Context) (*etcd.Response, error)
}

var steps = []step{
	{20, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Set(ctx, w.key(), w.value())
	}},
	{10, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Create(ctx, w.key(), w.value())
	}},
	{10, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Update(ctx, w.key(), w.value())
	}},
	{10, func(w *writer, ctx context.Context) (*etcd.Response, error) { return w.swap(ctx, w.key()) }},
	{10, func(w *writer, ctx context.Context) (*etcd.Response, error) { return w.client.Delete(ctx, w.key()) }},
	{6, func(w *writer, ctx context.Context) (*etcd.Response, error) { return w.compareAndDelete(ctx, w.key()) }},
	{6, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.CreateDir(ctx, w.temporary())
	}},
	{3, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.CreateDir(ctx, w.temporary(), etcd.WithTTL(time.Second))
	}},
	{2, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.UpdateDir(ctx, w.temporary(), etcd.WithTTL(time.Second)) // etcd 3.5 cannot
	}},
	{4, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Delete(ctx, w.temporary(), etcd.WithRecursive())
	}},
	{2, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Delete(ctx, w.temporary(), etcd.WithDir())
	}},
	{8, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Set(ctx, w.key(), w.value(), etcd.WithTTL(time.Second))
	}},
	{4, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Refresh(ctx, refreshed, time.Minute)
	}},
	{4, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.Set(ctx, w.hidden(), w.value())
	}},
	{2, func(w *writer, ctx context.Context) (*etcd.Response, error) { return w.client.Delete(ctx, w.hidden()) }},
	{4, func(w *writer, ctx context.Context) (*etcd.Response, error) {
		return w.client.CreateInOrder(ctx, w.dir(), w.value(), etcd.WithTTL(2*time.Second))
	}},
}

// write does one step and reports whether it worked.
func (w *writer) write(t *testing.T) bool {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.n++
	_, err := w.choose().do(w, ctx)
	return err == nil
}

func (w *writer) choose() step {
	total := 0
	for _, s := range steps {
		total += s.weight
	}
	at := w.random.IntN(total)
	for _, s := range steps {
		if at -= s.weight; at < 0 {
			return s
		}
	}
	panic("unreachable")
}

// swap compares with what is there, which may be gone by then.
func (w *writer) swap(ctx context.Context, key string) (*etcd.Response, error) {
	before, err := w.client.Get(ctx, key, etcd.WithQuorum())
	if err != nil {
		return nil, err
	}
	return w.client.CompareAndSwap(ctx, key, w.value(), etcd.Prev{Index: before.Node.ModifiedIndex})
}

func (w *writer) compareAndDelete(ctx context.Context, key string) (*etcd.Response, error) {
	before, err := w.client.Get(ctx, key, etcd.WithQuorum())
	if err != nil {
		return nil, err
	}
	return w.client.CompareAndDelete(ctx, key, etcd.Prev{Index: before.Node.ModifiedIndex})
}

// mark writes the marker, for as long as it takes, and returns its node.
func (w *writer) mark(t *testing.T) (marked *etcd.Node) {
	t.Helper()
	live.Eventually(t, "the marker is written", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		w.n++
		resp, err := w.client.Set(ctx, marker, w.value())
		if err != nil {
			return false
		}
		marked = resp.Node
		return true
	})
	return marked
}

const marker = root + "/marker"
