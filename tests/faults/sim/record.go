package sim

import (
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
	watcher v2store.Watcher

	mu      sync.Mutex
	events  []*v2store.Event
	applied []Applied
}

// Applied is an entry of the log that changes keys, or tries to, and what came of it.
type Applied struct {
	At      time.Time // when a majority had it
	Request pb.Request
	Event   *v2store.Event   // the answer; nil if the store has refused it, and for what removes expired keys
	Err     error            // of the store
	Expired []*v2store.Event // keys that it removed because they had expired
}

// newRecord returns a record of a cluster that begins with a copy of a store, or with none.
func newRecord(copy []byte) *Record {
	r := &Record{store: newStore(copy)}
	r.applier = etcdserver.NewApplierV2(zap.NewNop(), r.store, nil)
	watcher, err := r.store.Watch(etcdserver.StoreKeysPrefix, true, true, 0)
	if err != nil {
		panic(err)
	}
	r.watcher = watcher
	return r
}

// add applies an entry.
func (r *Record) add(e *entry) {
	response := e.apply(r.store, r.applier)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.events)
	r.drain()
	a := Applied{At: time.Now(), Request: e.request, Event: response.Event, Err: response.Err}
	switch e.request.Method {
	case "POST", "PUT", "DELETE":
	case methodSync:
		if a.Expired = r.events[before:len(r.events):len(r.events)]; len(a.Expired) == 0 {
			return
		}
	default:
		return
	}
	r.applied = append(r.applied, a)
}

// drain takes the events that the watcher has. The caller holds mu.
func (r *Record) drain() {
	for {
		select {
		case event, ok := <-r.watcher.EventChan():
			if !ok {
				panic("more keys have expired at once than a watcher of etcd can take")
			}
			r.events = append(r.events, event)
		default:
			return
		}
	}
}

// Events returns the events so far, in order. Their keys begin with "/1". Refreshes are not among them, nor
// is what happened to hidden keys: etcd shows neither to a watch of the root.
func (r *Record) Events() []*v2store.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events[:len(r.events):len(r.events)]
}

// Applied returns the entries so far, in order. Unlike the events, they have refreshes and what was refused.
func (r *Record) Applied() []Applied {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied[:len(r.applied):len(r.applied)]
}

// Index returns the index of the last change.
func (r *Record) Index() uint64 { return r.store.Index() }

// Get returns what is at a key, which begins with "/1", and below it.
func (r *Record) Get(key string) (*v2store.Event, error) { return r.store.Get(key, true, true) }
