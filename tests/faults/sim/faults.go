package sim

import (
	"context"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
)

// Fault is a kind of fault.
type Fault string

// The faults of one path: of one client's connections to one member.
const (
	Cut       Fault = "cut"       // some or all connections are reset
	Refuse    Fault = "refuse"    // connections are reset, and dials refused
	Block     Fault = "block"     // nothing passes; what was sent arrives later, or the connections end
	Dead      Fault = "dead"      // a connection passes nothing any more, and nobody is told
	HalfOpen  Fault = "half-open" // a connection passes nothing in one direction
	Slow      Fault = "slow"      // everything takes longer
	Drop      Fault = "drop"      // requests get lost, or the replies to them
	Late      Fault = "late"      // requests arrive late, perhaps after the client has given up
	Stall     Fault = "stall"     // what members send behind the headers of polls comes late
	Intercept Fault = "gateway"   // a gateway answers by itself
)

// The faults of one member.
const (
	Lag     Fault = "lag"     // it applies late, so that reads and watches there are behind
	Freeze  Fault = "freeze"  // it stops, and goes on later as if nothing had happened
	Restart Fault = "restart" // it ends and starts again with what is on its disk
	Wipe    Fault = "wipe"    // a new member with an empty disk takes its place
	Isolate Fault = "isolate" // other members do not hear it; clients do
)

// The faults of the cluster.
const (
	Elect  Fault = "elect"  // the leader gives up; for a time there is none
	Quorum Fault = "quorum" // no member hears another
)

// pathFaults make a fault of a path, and return what ends it.
var pathFaults = map[Fault]func(*path) (heal func()){
	Cut: func(p *path) func() {
		if l := p.any(); l != nil && p.chance.Happens(0.7) {
			l.Cut()
		} else {
			p.each((*line).Cut)
		}
		return func() {}
	},
	Refuse: func(p *path) func() {
		p.change(func() { p.refused++ })
		p.each((*line).Cut)
		return func() { p.change(func() { p.refused-- }) }
	},
	Block: func(p *path) func() {
		p.block()
		return func() {
			if p.chance.Happens(0.5) {
				p.each((*line).Cut)
			}
			p.free()
		}
	},
	Dead: func(p *path) func() {
		if l := p.any(); l != nil && p.chance.Happens(0.7) {
			l.die()
		} else {
			p.each((*line).die)
		}
		return func() {}
	},
	HalfOpen: func(p *path) func() {
		if l := p.any(); l != nil && p.chance.Happens(0.5) {
			l.MuteUp()
			l.expire()
		} else if l != nil {
			l.MuteDown()
			l.expire()
		}
		return func() {}
	},
	Slow: func(p *path) func() {
		most := int64(Pick(p.chance, []time.Duration{50 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second}))
		p.slow.Add(most)
		return func() { p.slow.Add(-most) }
	},
	Drop: func(p *path) func() {
		request, reply := p.chance.Part()/2, p.chance.Part()/2
		p.change(func() { p.rates.dropRequest, p.rates.dropReply = request, reply })
		return func() { p.change(func() { p.rates.dropRequest, p.rates.dropReply = 0, 0 }) }
	},
	Late: func(p *path) func() {
		p.change(func() { p.rates.late = 0.3 })
		return func() { p.change(func() { p.rates.late = 0 }) }
	},
	Stall: func(p *path) func() {
		p.change(func() { p.rates.stall = 0.5 })
		return func() { p.change(func() { p.rates.stall = 0 }) }
	},
	Intercept: func(p *path) func() { return newGateway(p.chance).stands(p) },
}

// die makes a line pass nothing any more. Some are reset when an end sends something, as by a router that has forgotten
// them.
func (l *line) die() {
	l.MuteUp()
	l.MuteDown()
	if l.path.chance.Happens(0.5) {
		l.Forget()
	}
	l.expire()
}

// expire resets a line that passes nothing when the kernels give it up.
func (l *line) expire() {
	time.AfterFunc(l.path.chance.Between(2*time.Minute, 10*time.Minute), l.Cut)
}

// memberFaults make a fault of a member, and return what ends it; nil if the fault cannot be now. The caller
// holds the cluster's mu, also for what ends it.
var memberFaults = map[Fault]func(*Member) (heal func()){
	Lag: func(m *Member) func() { return m.lagBy(m.chance.About(4 * time.Second)) },
	Freeze: func(m *Member) func() {
		if !m.runs() {
			return nil
		}
		p := m.process
		p.frozen++
		m.cluster.net.freeze(m)
		m.cluster.settle()
		return func() {
			p.frozen--
			m.cluster.net.thaw(m)
			p.catchUp(p.commit)
			m.cluster.settle()
		}
	},
	Restart: func(m *Member) func() {
		if !m.runs() {
			return nil
		}
		m.stop()
		m.cluster.settle()
		return m.startAgain
	},
	Wipe: func(m *Member) func() {
		if !m.replaceable() {
			return nil
		}
		old := m.id
		m.stop()
		m.renew()
		m.has, m.disk = 0, disk{}
		for _, r := range []pb.Request{{Method: methodForget, Path: membership.MemberStoreKey(old)}, m.joins()} {
			m.cluster.submit(context.Background(), m.cluster.leader.process, &entry{request: r})
		}
		m.cluster.settle()
		return m.startAgain
	},
	Isolate: func(m *Member) func() {
		if len(m.cluster.members) == 1 {
			return nil
		}
		return m.cluster.sever(func(a, _ *Member) bool { return a == m })
	},
}

// lagBy makes a member apply so much later, as in memberFaults.
func (m *Member) lagBy(lag time.Duration) (heal func()) {
	p := m.process
	if p == nil {
		return nil
	}
	p.lag += lag
	return func() {
		if p.lag -= lag; p.lag == 0 {
			p.catchUp(p.commit)
		}
	}
}

// suffer makes a fault of a member, one of memberFaults or like them. It returns what ends it, which does nothing if the
// fault cannot be now.
func (m *Member) suffer(fault func(*Member) (heal func())) (heal func()) {
	c := m.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	end := fault(m)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if end != nil {
			end()
		}
	}
}

// startAgain starts a member that has ended.
func (m *Member) startAgain() {
	if m.process == nil && !m.cluster.down { // or else Restore starts it, or has
		m.start()
		m.cluster.settle()
	}
}

// replaceable reports whether an operator could replace m: the others are well, and have all that is committed.
func (m *Member) replaceable() bool {
	c := m.cluster
	if !m.runs() || len(c.members) == 1 || c.leader == nil || c.leader == m || c.deposal != nil {
		return false
	}
	for _, other := range c.members {
		if other != m && (!c.linked(c.leader, other) || other.has < c.log.last()) {
			return false
		}
	}
	return true
}

// sever keeps members from hearing each other, and returns what ends that. The caller holds mu, also then.
func (c *Cluster) sever(which func(a, b *Member) bool) (heal func()) {
	var cut []link
	for _, a := range c.members {
		for _, b := range c.members {
			if a != b && which(a, b) {
				cut = append(cut, link{a, b})
				c.severed[link{a, b}]++
			}
		}
	}
	c.settle()
	return func() {
		for _, l := range cut {
			c.severed[l]--
		}
		c.settle()
	}
}

// clusterFaults make a fault of the cluster.
var clusterFaults = map[Fault]func(*Cluster) (heal func()){
	Elect: func(c *Cluster) func() {
		if c.leader == nil {
			return nil
		}
		c.depose()
		return func() {}
	},
	Quorum: func(c *Cluster) func() {
		if len(c.members) == 1 {
			return nil
		}
		return c.sever(func(_, _ *Member) bool { return true })
	},
	Restore: (*Cluster).restore,
}
