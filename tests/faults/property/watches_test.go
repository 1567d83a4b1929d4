package property_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/witness"
)

// view is one of the watches: of a key, or of all below it.
type view struct {
	key       string
	recursive bool
	watch     *witness.Witness
}

// views are the watches beside that of root.
func views() []*view {
	return []*view{
		{key: root + "/a", recursive: true},
		{key: root + "/a"},
		{key: root + "/a/x"},
		{key: root + "/ab", recursive: true}, // which a name of another directory begins
		{key: permanent + "/y"},
	}
}

// begin starts the watch behind index.
func (v *view) begin(t *testing.T, client *etcd.Client, index uint64) {
	opts := []etcd.WatchOption{etcd.WithAfterIndex(index)}
	if v.recursive {
		opts = append(opts, etcd.WithRecursive())
	}
	v.watch = witness.Range(t, func(ctx context.Context) iter.Seq2[*etcd.Response, error] {
		return client.Watch(ctx, v.key, opts...)
	})
}

// owed reports whether the view must be told of an event that the tree was changed by, and whether
// it may be. Before is the tree before it. Whose parent goes is told if it was there; the history tells
// others, too.
func (v *view) owed(event *etcd.Response, before tree) (must, may bool) {
	key := event.Node.Key
	switch {
	case hidden(key):
		return false, v.recursive && within(key, v.key)
	case key == v.key || v.recursive && within(key, v.key):
		return true, true
	case gone(event) && within(v.key, key):
		_, was := before[v.key]
		return was, true
	}
	return false, false
}

// check compares what the view was told with all that has happened.
func (v *view) check(events []*etcd.Response) error {
	var owed []*etcd.Response
	may := map[uint64]bool{}
	state := tree{}
	for _, event := range events {
		must, can := v.owed(event, state)
		if must {
			owed = append(owed, event)
		}
		may[event.Index] = can
		state.replay(event)
	}
	if len(owed) == 0 {
		return nil
	}
	last := owed[len(owed)-1].Index
	if err := v.watch.Await(last); err != nil {
		return fmt.Errorf("watch of %s: %w", v.key, err)
	}
	return v.compare(owed, may, last)
}

// compare expects every event that is owed, up to last, in order and once, and none that is not the
// view's.
func (v *view) compare(owed []*etcd.Response, may map[uint64]bool, last uint64) error {
	next, before := 0, uint64(0)
	for _, event := range v.watch.Events() {
		switch {
		case event.Index <= before:
			return fmt.Errorf("watch of %s: %d came after %d", v.key, event.Index, before)
		case event.Index > last:
			return nil
		case next < len(owed) && event.Index == owed[next].Index:
			next++
		case !may[event.Index] && !hidden(event.Node.Key):
			return fmt.Errorf("watch of %s: %s of %s at %d is not an event of it, %s", v.key, event.Action, event.Node.Key,
				event.Index, "or one before it is missing")
		}
		before = event.Index
	}
	if next < len(owed) {
		return fmt.Errorf("watch of %s: %s of %s at %d is missing", v.key, owed[next].Action, owed[next].Node.Key, owed[next].Index)
	}
	return nil
}
