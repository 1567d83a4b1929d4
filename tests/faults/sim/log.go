package sim

import (
	"slices"
	"time"
)

// raftLog is the log of the present leader. Each member has a beginning of it.
type raftLog struct {
	entries   []*entry
	start     uint64 // how many entries before them have been dropped
	compacted uint64 // a member that lacks an entry up to this one gets a snapshot
	committed uint64
}

func (l *raftLog) last() uint64           { return l.start + uint64(len(l.entries)) }
func (l *raftLog) at(index uint64) *entry { return l.entries[index-l.start-1] }

// truncate drops the entries after index: a new leader does not have them.
func (l *raftLog) truncate(index uint64) {
	if index < l.committed {
		panic("a committed entry is dropped")
	}
	l.entries = l.entries[:index-l.start]
}

// trim forgets the entries up to index.
func (l *raftLog) trim(index uint64) {
	if index > l.start {
		l.entries = slices.Clone(l.entries[index-l.start:])
		l.start = index
	}
}

// append appends entries to the leader's log, and sends them together. The caller holds mu.
func (c *Cluster) append(entries ...*entry) {
	for _, e := range entries {
		e.term = c.term
	}
	c.log.entries = append(c.log.entries, entries...)
	index, term, leader := c.log.last(), c.term, c.leader
	c.after(c.chance.Between(500*time.Microsecond, 3*time.Millisecond), func() { // to disk
		if c.term == term && leader.process != nil {
			leader.has = max(leader.has, index)
			leader.matched = leader.has
			c.tally()
		}
	})
	for _, m := range c.members {
		if m != leader {
			c.send(m)
		}
	}
}

// send sends m what the leader has. The caller holds mu.
func (c *Cluster) send(m *Member) {
	index, term := c.log.last(), c.term
	c.after(c.delay(), func() {
		if c.term == term && c.leader != nil && c.linked(c.leader, m) {
			c.receive(m, min(index, c.log.last()))
		}
	})
}

// receive gives m the log up to index, of which m tells the leader. The caller holds mu.
func (c *Cluster) receive(m *Member, index uint64) {
	leader := c.leader.process
	switch {
	case m.has >= c.log.compacted:
		m.has = max(m.has, index)
	case leader.applied > m.has && leader.applied >= c.log.compacted:
		m.process.overtake(leader)
		c.snapshots++
		c.send(m)
	}
	m.process.learn(min(c.log.committed, m.has))
	has, term := m.has, c.term
	c.after(c.delay(), func() {
		if c.term == term && c.leader != nil && c.linked(c.leader, m) {
			m.matched = max(m.matched, min(has, m.has))
			c.tally()
		}
	})
}

// tally commits what a majority has, as far as the leader knows. Only entries of the present term count: the first commits those before it,
// too. The caller holds mu.
func (c *Cluster) tally() {
	var have []uint64
	for _, m := range c.members {
		have = append(have, min(m.matched, m.has))
	}
	slices.Sort(have)
	index := have[(len(have)-1)/2]
	if c.leader == nil || c.leader.process == nil || index <= c.log.committed || c.log.at(index).term != c.term {
		return
	}
	for i := c.log.committed + 1; i <= index; i++ {
		c.records[len(c.records)-1].add(c.log.at(i))
	}
	c.log.committed = index
	c.leader.process.learn(index)
	term := c.term
	for _, m := range c.members {
		if m == c.leader || !c.linked(c.leader, m) {
			continue
		}
		c.after(c.delay(), func() {
			if c.term == term && c.leader != nil && c.linked(c.leader, m) {
				m.process.learn(min(index, m.has))
			}
		})
	}
	c.compact()
}

// compact forgets what members need a snapshot for from now on. The caller holds mu.
func (c *Cluster) compact() {
	if index := c.leader.process.applied; index >= c.log.compacted+c.options.SnapshotEntries+c.options.CatchUpEntries {
		c.log.compacted = index - c.options.CatchUpEntries
	}
	needed := c.log.compacted
	for _, m := range c.members {
		needed = min(needed, m.disk.index)
	}
	if needed > c.log.start+c.options.SnapshotEntries {
		c.log.trim(needed)
	}
}

// delay is that of a message from one member to another.
func (c *Cluster) delay() time.Duration {
	return c.chance.Between(200*time.Microsecond, 2*time.Millisecond)
}

// expire has the leader remove what has expired, every half a second. The caller holds mu.
func (c *Cluster) expire() {
	if l := c.leader; l != nil && l.process != nil && l.process.frozen == 0 && l.process.store.HasTTLKeys() {
		e := &entry{}
		e.request.Method, e.request.Time = methodSync, l.clock.now().UnixNano()
		c.append(e)
	}
	c.after(syncInterval, c.expire)
}
