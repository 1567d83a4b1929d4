package etcd

import (
	"cmp"
	"container/list"
	"context"
	"iter"
	"sync"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/follow"
)

// Change is a change of a node of a Mirror.
type Change struct {
	Type ChangeType

	// Key is the key of the node. For ChangeSynced and ChangeResynced it is the key of what is mirrored.
	Key string

	// Old is the node as the loop saw it last, and New as it is now, both without their Nodes. Old is nil if the
	// node did not exist, New if it does not exist now, and both for ChangeSynced and ChangeResynced. The caller
	// may change them.
	Old, New *Node

	// Index is the etcd index of the event, or of the last event if several were merged, or that of the read if
	// the change was found by reading the directory again.
	Index uint64

	// Resynced is true if the change was or may have been found by reading the directory again, after a
	// ChangeResynced: what happened in between is not known.
	Resynced bool

	// Err is why the directory was read again. It is nil except for ChangeResynced.
	Err error
}

// ChangeType is the kind of a Change.
type ChangeType int

const (
	// ChangeCreated means that the node exists now.
	ChangeCreated ChangeType = iota + 1
	// ChangeUpdated means that the node still exists but has changed. If its CreatedIndex differs, it was
	// written with Set, or did not exist in between; a file may have become a directory.
	ChangeUpdated
	// ChangeDeleted means that the node no longer exists, because it was deleted or has expired, or a directory
	// above it was or has.
	ChangeDeleted
	// ChangeResynced means that the directory was read again, because the watch could not continue. The changes
	// after it lead to what was read; Index may be lower than before.
	ChangeResynced
	// ChangeSynced means that the loop has seen everything up to Index: at first all that existed, and later all
	// that has changed. It comes each time a loop has caught up.
	ChangeSynced
)

var changeWords = map[ChangeType]string{
	ChangeCreated: "created", ChangeUpdated: "updated", ChangeDeleted: "deleted",
	ChangeResynced: "resynced", ChangeSynced: "synced",
}

// String returns the kind in a word.
func (t ChangeType) String() string { return cmp.Or(changeWords[t], "unknown") }

// Changes iterates over the nodes that exist, with a ChangeCreated for each, and then over all changes. Applying
// every change in order reproduces the mirror's content, without a Snapshot. Whenever the loop has seen
// everything, the first time after the nodes that existed, there is a ChangeSynced.
//
//	for change, err := range mirror.Changes(ctx) {
//		if err != nil {
//			return err
//		}
//		switch change.Type {
//		case etcd.ChangeSynced:
//			apply(config) // now it is complete
//		case etcd.ChangeDeleted:
//			delete(config, change.Key)
//		case etcd.ChangeCreated, etcd.ChangeUpdated:
//			delete(config, change.Key)
//			if !change.New.Dir { // a directory is not a setting
//				config[change.Key] = change.New.Value
//			}
//		}
//	}
//
// Directories have changes, too; Node.Dir says so. A Set of the same value is a ChangeUpdated. To skip it, compare
// Old.Value with New.Value.
//
// The change of a directory comes before the changes of what is created in it, and after those of what is
// deleted in it. The deletion of a directory is one event, but one change for each node.
//
// A loop that is slower than the changes does not see all of them. The pending changes of one key are merged
// into one, from what the loop saw last to what is now, or into none if the two are the same. So there are never
// more pending changes than nodes that the mirror holds or that the loop has seen. The loop always reaches the
// present, but not necessarily in the order in which it came about.
//
// Any number of loops can run, each at its own pace. A loop ends with one pair of an empty Change and an error:
// ctx.Err(), or, after all changes, the reason why the mirror has ended.
func (m *Mirror) Changes(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		feed := m.subscribe()
		defer m.unsubscribe(feed)
		for synced := false; ; {
			if err := contexts.Err(ctx); err != nil {
				yield(Change{}, err)
				return
			}
			ended := m.Err() // before the look at the changes: none comes later
			change, ok := feed.take()
			switch {
			case ok:
				if synced = false; !yield(change, nil) {
					return
				}
				continue
			case !synced:
				if change, synced = m.synced(feed); synced && !yield(change, nil) {
					return
				}
				continue
			case ended != nil:
				yield(Change{}, ended)
				return
			}
			select {
			case <-feed.ready:
			case <-m.done:
			case <-ctx.Done():
			}
		}
	}
}

// synced returns the change that says that everything has been told, or false if something has been added in
// the meantime.
func (m *Mirror) synced(feed *mirrorFeed) (Change, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Change{Type: ChangeSynced, Key: m.dir, Index: m.index}, feed.isEmpty()
}

// subscribe returns a feed that begins with all there is.
func (m *Mirror) subscribe() *mirrorFeed {
	feed := &mirrorFeed{dir: m.dir, places: map[string]*list.Element{}, ready: make(chan struct{}, 1)}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, node := range m.tree.list(m.dir) {
		feed.merge(mirrorChange{nil, node}, m.index)
	}
	m.feeds[feed] = struct{}{}
	return feed
}

func (m *Mirror) unsubscribe(feed *mirrorFeed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.feeds, feed)
}

// mirrorFeed is what one consumer is still to be told: at most one change of each key.
type mirrorFeed struct {
	dir   string
	ready chan struct{} // holds one when something has been added

	mu      sync.Mutex
	resync  *Change                  // comes before all others
	pending list.List                // of *pendingChange, the next first
	places  map[string]*list.Element // in pending, by key
}

type pendingChange struct {
	mirrorChange
	index    uint64
	resynced bool
}

// add appends the changes of an event.
func (f *mirrorFeed) add(changes []mirrorChange, index uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, change := range changes {
		f.merge(change, index)
	}
	follow.Signal(f.ready)
}

// resynced appends the changes that a read has shown. All that is pending leads to what was read, and nobody
// knows of which change of a key which part happened, so it is all marked.
func (f *mirrorFeed) resynced(changes []mirrorChange, index uint64, why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resync = &Change{Type: ChangeResynced, Key: f.dir, Index: index, Err: why}
	for _, change := range changes {
		f.merge(change, index)
	}
	for e := f.pending.Front(); e != nil; e = e.Next() {
		p := e.Value.(*pendingChange)
		p.index, p.resynced = index, true
	}
	follow.Signal(f.ready)
}

// merge puts change together with the one that is pending of its key. That keeps its place, so that it stays
// before changes of what is created in it; but a deletion, or a file in the place of a directory, goes behind
// those of what was in it.
func (f *mirrorFeed) merge(change mirrorChange, index uint64) {
	place := f.places[change.key()]
	if place == nil {
		f.places[change.key()] = f.pending.PushBack(&pendingChange{mirrorChange: change, index: index})
		return
	}
	p := place.Value.(*pendingChange)
	p.next, p.index = change.next, index
	switch {
	case p.old == nil && p.next == nil:
		f.pending.Remove(place)
		delete(f.places, change.key())
	case p.next == nil || p.old != nil && p.old.Dir && !p.next.Dir:
		f.pending.MoveToBack(place)
	}
}

func (f *mirrorFeed) isEmpty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.resync == nil && f.pending.Len() == 0
}

// take returns the next change and forgets it, or false where there is none.
func (f *mirrorFeed) take() (Change, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if resync := f.resync; resync != nil {
		f.resync = nil
		return *resync, true
	}
	first := f.pending.Front()
	if first == nil {
		return Change{}, false
	}
	p := f.pending.Remove(first).(*pendingChange)
	delete(f.places, p.key())
	return p.change(), true
}

func (p *pendingChange) change() Change {
	c := Change{Type: ChangeUpdated, Key: p.key(), Old: bare(p.old), New: bare(p.next), Index: p.index, Resynced: p.resynced}
	switch {
	case p.old == nil:
		c.Type = ChangeCreated
	case p.next == nil:
		c.Type = ChangeDeleted
	}
	return c
}

// key returns the key of the node that changed.
func (c mirrorChange) key() string {
	if c.next == nil {
		return c.old.Key
	}
	return c.next.Key
}
