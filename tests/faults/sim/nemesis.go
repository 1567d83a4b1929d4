package sim

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// Faults are how often each kind of fault is chosen, beside the others. A kind without a weight does not occur.
type Faults map[Fault]int

// AllFaults are those that a cluster and its clients have to live with.
func AllFaults() Faults {
	return Faults{
		Cut: 6, Refuse: 4, Block: 6, Dead: 4, HalfOpen: 4, Slow: 3, Drop: 4, Late: 3, Intercept: 2,
		Lag: 4, Freeze: 2, Restart: 2, Wipe: 1, Isolate: 2, Elect: 2, Quorum: 1,
	}
}

// Without returns the faults without some.
func (f Faults) Without(kinds ...Fault) Faults {
	rest := maps.Clone(f)
	for _, kind := range kinds {
		delete(rest, kind)
	}
	return rest
}

// nemesis makes faults.
type nemesis struct {
	chance  *Chance
	cluster *Cluster
	options Options
	clients func() []string
	kinds   []Fault // each as often as it weighs
}

func newNemesis(w *World) *nemesis {
	n := &nemesis{chance: w.chance.For("nemesis"), cluster: w.Cluster, options: w.Options, clients: w.names}
	for _, kind := range slices.Sorted(maps.Keys(n.options.Faults)) {
		n.kinds = append(n.kinds, slices.Repeat([]Fault{kind}, n.options.Faults[kind])...)
	}
	return n
}

// run makes faults until ctx ends, and then ends them all.
func (n *nemesis) run(ctx context.Context) {
	var faults []*running
	for len(n.kinds) > 0 {
		select {
		case <-time.After(n.chance.About(n.options.Every)):
		case <-ctx.Done():
			for _, f := range faults {
				f.end()
			}
			return
		}
		faults = slices.DeleteFunc(faults, (*running).over)
		if f := n.make(Pick(n.chance, n.kinds)); f != nil {
			faults = append(faults, f)
		}
	}
	<-ctx.Done()
}

// running is a fault that lasts.
type running struct {
	kind  Fault
	timer *time.Timer
	heal  func()
	done  chan struct{}
}

func (f *running) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// end ends the fault now, except for a restore, which takes its time, or waits until it has ended.
func (f *running) end() {
	if f.kind != Restore && f.timer.Stop() {
		f.heal()
		return
	}
	<-f.done
}

// make makes a fault for a time. It returns nil if it cannot be now.
func (n *nemesis) make(kind Fault) *running {
	duration := n.duration() // whatever comes of it, the next choices do not depend on that
	if kind == Restore {
		duration = max(duration, restoreTime)
	}
	heal := n.begin(kind)
	if heal == nil {
		return nil
	}
	n.cluster.faults.add(string(kind), 1)
	f := &running{kind: kind, heal: heal, done: make(chan struct{})}
	f.timer = time.AfterFunc(duration, func() {
		heal()
		close(f.done)
	})
	return f
}

// begin makes a fault, and returns what ends it.
func (n *nemesis) begin(kind Fault) func() {
	c := n.cluster
	member := Pick(n.chance, c.members)
	client := ""
	if names := n.clients(); len(names) > 0 {
		client = Pick(n.chance, names)
	}
	if make := pathFaults[kind]; make != nil {
		if client == "" {
			return nil
		}
		members := []*Member{member}
		if n.chance.Happens(n.options.Whole) {
			members = c.members
			if kind == Intercept { // the client is behind one gateway, and not behind one for each member
				make = newGateway(n.chance).stands
			}
		}
		var heals []func()
		for _, m := range members {
			heals = append(heals, make(c.net.path(client, m.name)))
		}
		return func() {
			for _, heal := range heals {
				heal()
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var heal func()
	if make := memberFaults[kind]; make != nil {
		if n.chance.Happens(0.3) { // the leader's faults matter most
			member = cmp.Or(c.leader, member)
		}
		heal = make(member)
	} else {
		heal = clusterFaults[kind](c)
	}
	if heal == nil {
		return nil
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		heal()
	}
}

// duration returns how long a fault lasts: mostly a moment, at times longer than any lock.
func (n *nemesis) duration() time.Duration {
	switch draw := n.chance.Below(10); {
	case draw < 4:
		return n.chance.Between(10*time.Millisecond, time.Second)
	case draw < 8:
		return n.chance.Between(time.Second, 10*time.Second)
	}
	return n.chance.Between(10*time.Second, n.options.Longest)
}
