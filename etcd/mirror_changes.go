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

// Change is what became of a node of a Mirror.
type Change struct {
	Type ChangeType

	// Key is the node's; for ChangeSynced and ChangeResynced that of what is mirrored.
	Key string

	// Old is the node as it was told last, New as it is now, both without their Nodes: nil where there was or
	// is none, and both for ChangeSynced and ChangeResynced. They are the caller's own.
	Old, New *Node

	// Index is the etcd index of the event, of the last one where several were put together, or, for what was
	// read and not watched, that of the read.
	Index uint64

	// Resynced is true where the change was found, or may have been, by reading the directory again, after a
	// ChangeResynced: what happened in between is not known.
	Resynced bool

	// Err is why the directory was read again; nil but for ChangeResynced.
	Err error
}

// ChangeType says what a Change is.
type ChangeType int

const (
	// ChangeCreated says that a node is there now.
	ChangeCreated ChangeType = iota + 1
	// ChangeUpdated says that a node is there still, but not the same. Where its CreatedIndex differs it was
	// written with Set, or was away in between; a file can have become a directory.
	ChangeUpdated
	// ChangeDeleted says that a node is gone, by its own deletion or expiry or by that of a directory above
	// it.
	ChangeDeleted
	// ChangeResynced says that the directory was read again, since the watch could not go on. The changes
	// behind it lead to what was read; Index may be lower than before.
	ChangeResynced
	// ChangeSynced says that everything up to Index has been told: what was there at first, or, later, all that
	// has changed. It comes each time that a loop has caught up.
	ChangeSynced
)

var changeWords = map[ChangeType]string{
	ChangeCreated: "created", ChangeUpdated: "updated", ChangeDeleted: "deleted",
	ChangeResynced: "resynced", ChangeSynced: "synced",
}

// String returns the type in a word.
func (t ChangeType) String() string { return cmp.Or(changeWords[t], "unknown") }

// Changes iterates over what is there, a ChangeCreated for each node, and then over what changes. Applying
// every change in order reproduces the mirror's content, without a Snapshot. Whenever all has been told, the
// first time at the end of what was there, comes a ChangeSynced.
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
//			config[change.Key] = change.New.Value
//		}
//	}
//
// A directory is told of before what is created in it, and after what is deleted in it: the deletion of a
// directory is one event, but a change for each node.
//
// A loop that is slower than the changes is not told all of them: those of one key that it has not come to
// are put together to one, from what it was told last to what is now, or to none where that is nothing. So
// what waits for it is never more than what the mirror holds and what was told. It always gets to the
// present, but not by the way or in the order in which it came about.
//
// Any number of loops can run, each at its own pace. A loop ends with one pair of an empty Change and an
// error: ctx.Err(), or, when all changes are told, why the mirror has ended.
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
