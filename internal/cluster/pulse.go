package cluster

import (
	"context"
	"sync"
	"time"
)

// pulse asks after the members on which calls wait. The same few questions serve all calls of a cluster.
type pulse struct {
	cluster   *Cluster
	questions Questions
	interval  time.Duration // not above 0 for no pulse

	mu      sync.Mutex
	keepers int // that want it
	closed  bool
	life    context.Context // of the questions: as long as there are keepers
	stop    context.CancelFunc
	members map[*Member]*waiting
}

// waiting is what waits on a member.
type waiting struct {
	calls map[*attempt]*waitingCall
	weak  bool               // the member did not answer last time
	index uint64             // the last it was seen to have reached
	leapt uint64             // where its last leap began
	stop  context.CancelFunc // ends the look-out for leaps
}

type waitingCall struct {
	sign    func(confirmed bool) // Call.Pulse
	since   uint64               // the member's index when the call arrived there; 0 before
	arrived time.Time            // when it was sent or, then, its header came
}

// fresh is how long after a call was sent, or its header came, it takes the place of a question: while calls
// bring one event after the other, their member is not asked beside them.
func (p *pulse) fresh() time.Duration { return p.interval / freshPart }

// patience is how long a member may take to answer. One that hangs right behind a fresh header has been left
// two intervals later even so.
func (p *pulse) patience() time.Duration { return p.interval - p.fresh() }

// Pulsed reports whether members on which calls wait are asked after.
func (c *Cluster) Pulsed() bool { return c.pulse.interval > 0 }

// KeepPulse makes members on which calls wait be asked after, until the returned function is called.
func (c *Cluster) KeepPulse() (release func()) { return c.pulse.keep() }

func (p *pulse) keep() (release func()) {
	if p.interval <= 0 {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return func() {}
	}
	if p.keepers++; p.keepers == 1 {
		p.members = map[*Member]*waiting{}
		p.life, p.stop = context.WithCancel(p.cluster.life)
		life := p.life
		p.cluster.Go(func() { p.beat(life) })
	}
	return p.release
}

func (p *pulse) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keepers--; p.keepers == 0 {
		p.stop()
	}
}

// close lets no further pulse begin.
func (p *pulse) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// join makes the call that a makes wait on m: it ends when m fails.
func (p *pulse) join(m *Member, a *attempt, sign func(confirmed bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keepers == 0 || p.closed {
		return
	}
	w := p.members[m]
	if w == nil {
		life, cancel := context.WithCancel(p.life)
		w = &waiting{calls: map[*attempt]*waitingCall{}, stop: cancel}
		p.members[m] = w
		p.cluster.Go(func() { p.lookForLeaps(life, m) })
	}
	w.calls[a] = &waitingCall{sign: sign, arrived: time.Now()}
	a.watched, a.leave = m, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(w.calls, a)
	}
}

// beat asks the members until ctx ends.
func (p *pulse) beat(ctx context.Context) {
	tick := time.NewTicker(p.interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		var asked sync.WaitGroup
		for _, m := range p.toAsk() {
			asked.Go(func() { p.askService(ctx, m) })
			asked.Go(func() { p.askIndex(ctx, m) })
		}
		asked.Wait()
	}
}

// toAsk returns the members on which calls have waited for a while, and forgets those on which none waits.
func (p *pulse) toAsk() []*Member {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := time.Now().Add(-p.fresh())
	var members []*Member
	for m, w := range p.members {
		if len(w.calls) == 0 {
			w.stop()
			delete(p.members, m)
			continue
		}
		if w.weak || w.hasCallBefore(fresh) {
			members = append(members, m)
		}
	}
	return members
}

// hasCallBefore reports whether a call waits that arrived before a time.
func (w *waiting) hasCallBefore(t time.Time) bool {
	for _, call := range w.calls {
		if call.arrived.Before(t) {
			return true
		}
	}
	return false
}

// askService asks m whether it serves: a question of little work, which every member answers by itself, and
// with a failure when it has lost the others.
func (p *pulse) askService(ctx context.Context, m *Member) {
	asked := time.Now()
	v := p.cluster.Ask(ctx, m, p.questions.Service(), p.patience())
	switch {
	case ctx.Err() != nil:
	case v.Outcome.settled():
		p.cluster.restored(m)
		p.strong(m, asked)
	default:
		p.cluster.failed(m, v.Err)
		p.weak(m, v.Err)
	}
}

// weak ends the calls on m, if they have not been ended already. Calls that begin while it is weak, because
// no better member is available, stay.
func (p *pulse) weak(m *Member, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.members[m]; w != nil && !w.weak {
		w.weak = true
		for a := range w.calls {
			a.cancel(&weakMember{err})
		}
	}
}

// strong ends calls that began while m was weak, and tells the others of its sign of life: it has answered
// what it was asked at a time.
func (p *pulse) strong(m *Member, asked time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.members[m]
	if w == nil {
		return
	}
	for a, call := range w.calls {
		switch {
		case w.weak:
			a.repeat()
		case call.sign != nil:
			call.sign(!asked.Before(call.arrived))
		}
	}
	w.weak = false
}

// weakMember ends calls. It does not unwrap to err, which can be the member's refusal: that is no answer to
// the calls.
type weakMember struct{ err error }

func (e *weakMember) Error() string { return "the member does not serve: " + e.err.Error() }
