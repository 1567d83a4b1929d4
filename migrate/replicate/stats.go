package replicate

import (
	"fmt"
	"sync"
	"time"
)

// Stats is how far the replication is.
type Stats struct {
	State   State
	Index   uint64        // etcd index of the source up to which the mirrors show everything
	Applied uint64        // the highest index of a change that the target has
	Lag     time.Duration // the target has everything that the source held so long ago, or newer
	Synced  bool          // the target was compared with the source since Run began, and has been made a copy of it

	Changes int // of the source since Run began, as the mirrors tell them
	Edits   int // keys that were written or deleted in the target
	Batches int // in which they were written
	Resyncs int // how often a mirror had to read the source again
	Repairs int // keys of the target that something else had changed, and that were written again; etcd v2 only
}

// String returns the figures in a line for people.
func (s Stats) String() string {
	what := "comparing"
	if s.Synced {
		what = string(s.State)
	}
	return fmt.Sprintf("%s: index %d, applied %d, lag %v; %d changes, %d edits in %d batches, %d resyncs, %d repairs",
		what, s.Index, s.Applied, s.Lag.Round(time.Millisecond), s.Changes, s.Edits, s.Batches, s.Resyncs, s.Repairs)
}

// gauge holds the figures while they change.
type gauge struct {
	mu     sync.Mutex
	stats  Stats
	since  time.Time        // what the target has was all that there was then
	engine func() idleState // what is so right now; nil between two engines
}

// idleState is what an engine waits for: nothing, as far as it knows.
type idleState struct {
	idle  bool
	age   time.Duration // since the mirrors were last known to be current
	index uint64
}

// begin notes that an engine runs.
func (g *gauge) begin(state State, engine func() idleState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.engine, g.stats.State, g.stats.Synced = engine, state, false
}

func (g *gauge) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine != nil {
		g.stats.Index = g.engine().index
	}
	g.engine = nil
}

func (g *gauge) change(do func(*Stats)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do(&g.stats)
}

// caughtUp notes that everything that had happened up to then is in the target.
func (g *gauge) caughtUp(then time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.since, g.stats.Synced = then, true
}

func (g *gauge) read() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	if !g.since.IsZero() {
		s.Lag = time.Since(g.since)
	}
	if g.engine != nil {
		now := g.engine()
		if s.Index = now.index; s.Synced && now.idle {
			s.Lag = min(s.Lag, now.age)
		}
	}
	return s
}
