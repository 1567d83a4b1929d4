package sim

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-semver/semver"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver/api"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
)

// Cluster is a cluster of simulated members.
type Cluster struct {
	options  Options
	chance   *Chance
	net      *network
	members  []*Member
	faults   *counts
	requests atomic.Int64
	expiring atomic.Int64  // requests with a TTL
	over     chan struct{} // closed at the end

	mu        sync.Mutex
	closed    bool
	id        types.ID
	log       raftLog
	records   []*Record // the last is of the present; one begins with each Restore
	backup    copied
	flooded   int  // requests of Flood
	down      bool // until it is restored
	term      uint64
	leader    *Member      // nil while there is none
	deposal   *time.Timer  // set while the leader has no majority
	campaign  *time.Timer  // set before an election
	severed   map[link]int // how many faults keep the two from each other
	elections int
	snapshots int
}

// link is what connects two members.
type link struct{ a, b *Member }

var _ api.Cluster = (*Cluster)(nil)

// newCluster returns a cluster of members that have begun, of which the first leads.
func newCluster(options Options, chance *Chance, net *network, faults *counts) *Cluster {
	c := &Cluster{
		options: options, chance: chance.For("cluster"), net: net, faults: faults,
		id: 0x7e27652122e8b2ae, severed: map[link]int{}, over: make(chan struct{}),
	}
	for i := range options.Members {
		c.members = append(c.members, newMember(c, fmt.Sprintf("m%d", i+1), chance))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bootstrap(copied{})
	c.after(syncInterval, c.expire)
	if options.Faults[Restore] > 0 {
		c.after(backupInterval, c.backUp)
	}
	return c
}

// bootstrap makes the log of a cluster that begins, perhaps with a copy of a store, and starts all members. The
// caller holds mu.
func (c *Cluster) bootstrap(begin copied) {
	record := newRecord(begin, c.options.Hidden)
	c.log, c.records = raftLog{}, append(c.records, record)
	c.term = begin.term + 1
	for _, m := range c.members {
		e := &entry{term: c.term, request: m.joins()}
		c.log.entries = append(c.log.entries, e)
		record.add(e)
	}
	c.log.committed = c.log.last()
	if begin.store != nil {
		c.log.compacted = c.log.last() // an empty member cannot do without the copy
	}
	for _, m := range c.members {
		m.disk = disk{snapshot: begin.store, commit: c.log.last()}
		m.has = c.log.last()
		m.start()
	}
	c.settle()
}

// close ends all of it.
func (c *Cluster) close() {
	close(c.over)
	c.mu.Lock()
	c.closed = true
	for _, m := range c.members {
		m.stop()
	}
	c.mu.Unlock()
	for _, m := range c.members {
		_ = m.server.Close()
	}
}

// after calls f later, with mu held.
func (c *Cluster) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.closed {
			f()
		}
	})
}

// count counts a fault.
func (c *Cluster) count(kind string) { c.faults.add(kind, 1) }

// Endpoints returns the URLs of the members.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, m := range c.members {
		urls = append(urls, m.URL())
	}
	return urls
}

// Peers returns all members.
func (c *Cluster) Peers() []*Member { return c.members }

// Lead returns the member that leads, or nil while there is none.
func (c *Cluster) Lead() *Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// hasOvertaken reports whether a snapshot has overtaken a member.
func (c *Cluster) hasOvertaken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshots > 0
}

// Record returns what has really happened, since the last Restore if there was one.
func (c *Cluster) Record() *Record {
	records := c.Records()
	return records[len(records)-1]
}

// Records returns what happened before and after each Restore.
func (c *Cluster) Records() []*Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.records)
}

// What etcd's handlers ask of the cluster. All members have the same idea of it.

// ID returns the ID of the cluster.
func (c *Cluster) ID() types.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

// ClientURLs returns what /v2/machines shows.
func (c *Cluster) ClientURLs() []string { return c.Endpoints() }

// Members returns what /v2/members shows.
func (c *Cluster) Members() []*membership.Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*membership.Member
	for _, m := range c.members {
		all = append(all, m.described())
	}
	return all
}

// Member returns a member, or nil.
func (c *Cluster) Member(id types.ID) *membership.Member {
	for _, m := range c.Members() {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// Version returns the version that all members have at least.
func (c *Cluster) Version() *semver.Version { return semver.New("3.5.0") }
