package sim

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// TestWatchInterrupted: a watch that was cut off looks for a change that it knows. What it has read may show none: a
// directory that was made with a key in it, and a key that was refreshed, have no events of their own. The history is the
// same all the same, and the watch goes on.
func TestWatchInterrupted(t *testing.T) {
	run(t, "watchinterrupted", Options{Faults: Faults{}}, func(w *World) {
		chance, writer := w.Chance("stories"), w.Client("w", etcd.Config{})
		for n, began := 0, time.Now(); time.Since(began) < w.length && !w.Failed(); n++ {
			interrupt(w, chance, writer, Pick(chance, stories), fmt.Sprint("r", n))
		}
		w.Stop()
	})
}

// story is what happens to a directory before a watch of it begins, and while it is cut off.
type story struct {
	before, meanwhile func(ctx context.Context, c *etcd.Client, dir string) []error
}

var stories = []story{
	{
		before: func(ctx context.Context, c *etcd.Client, dir string) []error { // the directory d has no event
			_, made := c.Set(ctx, dir+"/d/k", "1")
			_, deleted := c.Delete(ctx, dir+"/d/k")
			return []error{made, deleted}
		},
		meanwhile: func(ctx context.Context, c *etcd.Client, dir string) []error {
			_, err := c.Set(ctx, dir+"/x", "1")
			return []error{err}
		},
	},
	{
		before: func(ctx context.Context, c *etcd.Client, dir string) []error { // the last change has no event
			_, made := c.Set(ctx, dir+"/k", "1", etcd.WithTTL(time.Minute))
			_, refreshed := c.Refresh(ctx, dir+"/k", 90*time.Second)
			return []error{made, refreshed}
		},
		meanwhile: func(ctx context.Context, c *etcd.Client, dir string) []error {
			_, err := c.Delete(ctx, dir+"/k")
			return []error{err}
		},
	},
}

// interrupt cuts off a watch, and checks that it goes on.
func interrupt(w *World, chance *Chance, writer *etcd.Client, s story, name string) {
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	dir, client := "/"+name, w.Client(name, etcd.Config{})
	defer client.Close()
	writes := func(how func(context.Context, *etcd.Client, string) []error) {
		for _, err := range how(ctx, writer, dir) {
			if err != nil {
				w.Errorf("a write in a cluster without faults: %v", err)
			}
		}
	}
	writes(s.before)
	w.Count("watches", 1)
	done := make(chan struct{})
	for event, err := range client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithCurrent()) {
		if err != nil {
			w.Errorf("the watch of %s ended with %v", dir, err)
			return
		}
		if event.Action != etcd.ActionGet {
			<-done // the writer may know it later
			return
		}
		time.AfterFunc(chance.Between(time.Second, 5*time.Second), func() {
			defer close(done)
			for _, m := range w.Cluster.Peers() {
				defer pathFaults[Refuse](w.net.path(name, m.Name()))()
			}
			writes(s.meanwhile)
		})
	}
}
