package sim

import (
	"time"
)

// linked reports whether two members hear each other. The caller holds mu.
func (c *Cluster) linked(a, b *Member) bool {
	return a.runs() && b.runs() && c.severed[link{a, b}] == 0 && c.severed[link{b, a}] == 0
}

// hasMajority reports whether m hears so many members that it can lead. The caller holds mu.
func (c *Cluster) hasMajority(m *Member) bool {
	hears := 0
	for _, other := range c.members {
		if c.linked(m, other) {
			hears++
		}
	}
	return hears > len(c.members)/2
}

// electionTimeout is how long a member hears of no leader before it does something about that.
func (c *Cluster) electionTimeout() time.Duration {
	return c.chance.Between(time.Second, 2*time.Second)
}

// settle sees to what follows when members have stopped, begun, or lost each other. The caller holds mu.
func (c *Cluster) settle() {
	switch {
	case c.down:
		return
	case c.leader == nil:
		if c.campaign == nil {
			c.campaign = c.after(c.chance.Between(10*time.Millisecond, 500*time.Millisecond), c.elect)
		}
		return
	case c.hasMajority(c.leader):
		if c.deposal != nil {
			c.deposal.Stop()
			c.deposal = nil
		}
	case c.deposal == nil:
		c.deposal = c.after(c.electionTimeout(), c.depose)
	}
	for _, m := range c.members {
		switch {
		case !m.runs():
		case c.linked(c.leader, m) && c.deposal == nil:
			m.process.follow()
		default:
			m.process.miss()
		}
	}
}

// depose ends the leader's time. The caller holds mu.
func (c *Cluster) depose() {
	if c.deposal != nil {
		c.deposal.Stop()
		c.deposal = nil
	}
	old := c.leader
	if c.leader = nil; old == nil {
		return
	}
	for _, m := range c.members {
		if m != old && m.runs() && m.process.believed == old {
			m.process.believe(nil)
		}
	}
	if old.runs() { // it learns of it on its own
		old.process.miss()
	}
	c.settle()
}

// elect makes a member the leader that a majority can vote for: one that has as much of the log as they. What it
// does not have is dropped, and who proposed it is told nothing. The caller holds mu.
func (c *Cluster) elect() {
	c.campaign = nil
	if c.leader != nil {
		return
	}
	var candidates []*Member
	for _, m := range c.members {
		votes := 0
		for _, voter := range c.members {
			if c.linked(m, voter) && voter.has <= m.has {
				votes++
			}
		}
		if votes > len(c.members)/2 {
			candidates = append(candidates, m)
		}
	}
	if len(candidates) == 0 {
		return // settle tries again when somebody is back
	}
	c.leader = Pick(c.chance, candidates)
	c.term += uint64(1 + c.chance.Below(2))
	c.elections++
	c.log.truncate(c.leader.has)
	for _, m := range c.members {
		m.has, m.matched = min(m.has, c.log.last()), 0
	}
	c.leader.process.follow()
	c.append(&entry{})
	c.after(c.chance.Between(time.Millisecond, 100*time.Millisecond), c.settle) // with the first heartbeat
}
