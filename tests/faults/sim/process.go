package sim

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2http"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2stats"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
	"go.uber.org/zap"
)

// requestTimeout is after what time a member gives up a request, with etcd's default settings.
const requestTimeout = 7 * time.Second

// historySize is how many events etcd keeps.
const historySize = 1000

// process is a member from one start to the next. Fields without a note are guarded by the cluster's mu.
type process struct {
	etcdserver.ServerPeer // nil: what is not simulated panics
	*Member

	store   v2store.Store               // guards itself
	applier etcdserver.ApplierV2        // of the store
	local   etcdserver.RequestV2Handler // of the store
	handler http.Handler
	stats   *v2stats.ServerStats
	ready   chan struct{} // closed when it serves clients
	stopped chan struct{} // closed when it has ended

	commit, applied uint64
	term            uint64      // in which it follows or leads
	shown           uint64      // of the last entry that it has applied: what its headers tell; 0 before
	believed        *Member     // what it takes for the leader; nil for none
	led             time.Time   // when it became the leader
	missed          time.Time   // when it last missed the leader
	missing         *time.Timer // set while it does
	frozen          int
	lag             time.Duration
	waiting         map[*entry]chan etcdserver.Response
	parked          map[*entry]context.Context // for a leader
}

// newProcess returns a process with what is on the disk. The caller holds mu.
func newProcess(m *Member) *process {
	p := &process{
		Member: m, store: newStore(m.disk.snapshot),
		stats: v2stats.NewServerStats(m.name, m.id.String()),
		ready: make(chan struct{}), stopped: make(chan struct{}),
		waiting: map[*entry]chan etcdserver.Response{}, parked: map[*entry]context.Context{},
	}
	p.applier = etcdserver.NewApplierV2(zap.NewNop(), p.store, nil)
	p.local = etcdserver.NewStoreRequestV2Handler(p.store, p.applier)
	p.handler = v2http.NewClientHandler(zap.NewNop(), p, requestTimeout)
	p.applied, p.commit = m.disk.index, m.disk.index
	p.learn(m.disk.commit)
	return p
}

// newStore returns a store with what is in a snapshot, or an empty one.
func newStore(snapshot []byte) v2store.Store {
	store := v2store.New(etcdserver.StoreClusterPrefix, etcdserver.StoreKeysPrefix)
	if snapshot != nil {
		load(store, snapshot)
	}
	return store
}

// load replaces the content of a store. Etcd decodes the events of the snapshot into those that the store has, and what
// an event does not have keeps the value of the older one in its place: see TestHistoryBehindASnapshotIsMerged. A
// client cannot tell that, so the simulated members forget the older events first.
func load(store v2store.Store, snapshot []byte) {
	for _, state := range [][]byte{noEvents, snapshot} {
		if err := store.Recovery(state); err != nil {
			panic(err)
		}
	}
}

// noEvents is the state of a store whose history has no events.
var noEvents = []byte(`{"WatcherHub":{"EventHistory":{"Queue":{"Events":[` + strings.Repeat("null,", historySize-1) + `null]}}}}`)

func (p *process) save() []byte {
	snapshot, err := p.store.Save()
	if err != nil {
		panic(err)
	}
	return snapshot
}

// learn notes what is committed, and applies it after the lag.
func (p *process) learn(commit uint64) {
	if commit <= p.commit {
		return
	}
	p.commit = commit
	if p.lag == 0 {
		p.catchUp(commit)
		return
	}
	p.cluster.after(p.lag, func() { p.catchUp(commit) })
}

// catchUp applies the log up to index.
func (p *process) catchUp(index uint64) {
	if p.ended() || p.frozen > 0 {
		return
	}
	for p.applied < index {
		e := p.cluster.log.at(p.applied + 1)
		p.applied++
		response := e.apply(p.store, p.applier)
		response.Term, p.shown = p.shown, e.term // etcd notes the term when the answer is under way
		if answer := p.waiting[e]; answer != nil {
			delete(p.waiting, e)
			answer <- response
		}
	}
	if p.applied >= p.disk.index+p.cluster.options.SnapshotEntries {
		p.disk.snapshot, p.disk.index = p.save(), p.applied
	}
	p.disk.commit = max(p.disk.commit, p.applied)
}

// overtake replaces what p has by a snapshot of the leader, as etcd does: what waits for events is not told of
// those in between, nor is who proposed one of the entries.
func (p *process) overtake(leader *process) {
	p.disk = disk{snapshot: leader.save(), index: leader.applied, commit: leader.applied}
	load(p.store, p.disk.snapshot)
	p.has, p.applied, p.commit = leader.applied, leader.applied, leader.applied
}

// follow makes p follow the leader, and hands it what is parked.
func (p *process) follow() {
	c := p.cluster
	if p.missing != nil {
		p.missing.Stop()
		p.missing = nil
	}
	if p.believed != c.leader || p.term != c.term {
		p.believe(c.leader)
		p.term = c.term
		if c.leader == p.Member {
			p.led = time.Now()
			p.stats.BecomeLeader()
		} else {
			p.stats.RecvAppendReq(c.leader.id.String(), 0)
		}
	}
	if p.Member != c.leader && (p.has < c.log.last() || p.commit < c.log.committed) {
		c.send(p.Member)
	}
	for e, ctx := range maps.Clone(p.parked) {
		delete(p.parked, e)
		c.submit(ctx, p, e)
	}
}

// miss makes p notice, after its election timeout, that it does not hear the leader.
func (p *process) miss() {
	p.missed = time.Now()
	if p.missing != nil || p.believed == nil {
		return
	}
	p.missing = p.cluster.after(p.cluster.electionTimeout(), func() {
		p.missing = nil
		if !p.ended() {
			p.believe(nil)
		}
	})
}

func (p *process) believe(leader *Member) { p.believed = leader }

// ended reports whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.stopped:
		return true
	default:
		return false
	}
}

// end ends the process.
func (p *process) end() {
	close(p.stopped)
	if p.missing != nil {
		p.missing.Stop()
	}
	clear(p.parked)
}

// submit passes an entry on to what p takes for the leader, or parks it until there is one. The caller holds mu.
func (c *Cluster) submit(ctx context.Context, p *process, e *entry) {
	switch to := p.believed; {
	case ctx.Err() != nil || p.ended() || e.hops > 3:
	case to == nil:
		p.parked[e] = ctx
	case to == p.Member:
		if c.leader == p.Member && p.term == c.term { // or else it is the leader of a term that has passed
			c.append(e)
		}
	default:
		e.hops++
		c.after(c.delay(), func() {
			if c.linked(p.Member, to) {
				c.submit(ctx, to.process, e)
			}
		})
	}
}
