package sim

import (
	"slices"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
	"go.uber.org/zap"
)

// Record is what has really happened to the keys: a store that has applied each entry when a majority had it, and
// the events of that. Checks compare with it what clients have seen.
type Record struct {
	store   v2store.Store
	applier etcdserver.ApplierV2
	base    uint64
	begun   time.Time

	mu      sync.Mutex
	seen    map[string]*recorded // by the directory that is watched
	applied []Applied
}

// Applied is an entry of the log that changes keys, or tries to, and what came of it.
type Applied struct {
	At      time.Time // when a majority had it
	Index   uint64    // of the store, then
	Term    uint64    // in which it was proposed
	Request pb.Request
	Event   *v2store.Event   // the answer; nil if the store has refused it, and for what removes expired keys
	Err     error            // of the store
	Expired []*v2store.Event // keys that it removed because they had expired
}

// recorded is what a watch of a directory sees that misses nothing.
type recorded struct {
	watcher v2store.Watcher
	events  []*v2store.Event
}

// copied is a copy of a store, and what had happened until then.
type copied struct {
	store  []byte
	record *Record
	term   uint64 // of the log
}

// newRecord returns a record of a cluster that begins with a copy, or with nothing. It also records what happens
// in the hidden directories.
func newRecord(begin copied, hidden []string) *Record {
	r := &Record{store: newStore(begin.store), seen: map[string]*recorded{}, begun: time.Now()}
	r.applier = etcdserver.NewApplierV2(zap.NewNop(), r.store, nil)
	r.base = r.store.Index()
	for _, dir := range append([]string{""}, hidden...) {
		watcher, err := r.store.Watch(etcdserver.StoreKeysPrefix+dir, true, true, 0)
		if err != nil {
			panic(err)
		}
		r.seen[dir] = &recorded{watcher: watcher}
		if begin.record != nil {
			r.seen[dir].events = slices.Clone(begin.record.until(dir, r.base))
		}
	}
	return r
}

// add applies an entry.
func (r *Record) add(e *entry) {
	response := e.apply(r.store, r.applier)
	r.mu.Lock()
	defer r.mu.Unlock()
	root := r.seen[""]
	before := len(root.events)
	for _, seen := range r.seen {
		seen.take()
	}
	a := Applied{At: time.Now(), Index: r.store.Index(), Term: e.term, Request: e.request, Event: response.Event, Err: response.Err}
	switch e.request.Method {
	case "POST", "PUT", "DELETE":
	case methodSync:
		if a.Expired = root.events[before:len(root.events):len(root.events)]; len(a.Expired) == 0 {
			return
		}
	default:
		return
	}
	r.applied = append(r.applied, a)
}

// take adds the events that the watcher has.
func (s *recorded) take() {
	for {
		select {
		case event, ok := <-s.watcher.EventChan():
			if !ok {
				panic("more keys have expired at once than a watcher of etcd can take")
			}
			s.events = append(s.events, event)
		default:
			return
		}
	}
}

// until returns the events up to index in a directory.
func (r *Record) until(dir string, index uint64) []*v2store.Event {
	events := r.EventsOf(dir)
	for len(events) > 0 && events[len(events)-1].Index() > index {
		events = events[:len(events)-1]
	}
	return events
}

// Events returns the events so far, in order. Their keys begin with "/1". Refreshes are not among them, nor
// is what happened to hidden keys: etcd shows neither to a watch of the root. After a Restore they begin with
// those of the copy.
func (r *Record) Events() []*v2store.Event { return r.EventsOf("") }

// EventsOf returns the events of one of Options.Hidden.
func (r *Record) EventsOf(dir string) []*v2store.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.seen[dir].events
	return events[:len(events):len(events)]
}

// Applied returns the entries so far, in order. Unlike the events, they have refreshes and what was refused.
func (r *Record) Applied() []Applied {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied[:len(r.applied):len(r.applied)]
}

// Reached returns how far the keys had come at a time: the index, and the raft term of the last of Applied, which is 0 if there
// was none.
func (r *Record) Reached(at time.Time) (index, term uint64) {
	index = r.base
	for _, a := range r.Applied() {
		if a.At.After(at) {
			break
		}
		index, term = a.Index, a.Term
	}
	return index, term
}

// Base returns the index with which it began: that of the copy.
func (r *Record) Base() uint64 { return r.base }

// Index returns the index of the last change.
func (r *Record) Index() uint64 { return r.store.Index() }

// Get returns what is at a key, which begins with "/1", and below it.
func (r *Record) Get(key string) (*v2store.Event, error) { return r.store.Get(key, true, true) }
