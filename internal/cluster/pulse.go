package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// pulse monitors the members on which calls wait. The same few questions serve all calls of a cluster.
type pulse struct {
	cluster   *Cluster
	questions Questions
	interval  time.Duration // 0 or less for no pulse

	mu      sync.Mutex
	keepers int // how many users need the pulse
	closed  bool
	life    context.Context // of the questions; ends when there are no keepers
	stop    context.CancelFunc
	members map[*Member]*waiting
}

// waiting is the state of a member on which calls wait.
type waiting struct {
	calls map[*attempt]*waitingCall
	weak  bool               // the member did not serve when it was last asked
	index uint64             // the last index that it is known to have reached
	leapt uint64             // the index at which its last leap began
	stop  context.CancelFunc // ends lookForLeaps
}

type waitingCall struct {
	sign    func(confirmed bool) // Call.Pulse
	since   uint64               // the member's index when the call arrived; 0 until then
	arrived time.Time            // when the call was sent or, later, its header arrived
}

// fresh returns how long a call replaces a question after it was sent or its header arrived. While calls
// return one event after another, their member is not asked in addition.
func (p *pulse) fresh() time.Duration { return p.interval / freshPart }

// patience returns how long a member may take to answer. Even a member that hangs right after a fresh header
// is left within two intervals.
func (p *pulse) patience() time.Duration { return p.interval - p.fresh() }

// Pulsed reports whether members on which calls wait are monitored.
func (c *Cluster) Pulsed() bool { return c.pulse.interval > 0 }

// KeepPulse monitors members on which calls wait, until the returned function is called.
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

// close prevents the pulse from beginning again.
func (p *pulse) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// join registers the call of attempt a as waiting on m. The call ends when m fails.
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

// toAsk returns the members on which calls have waited for a while, or that are weak. It drops the members on
// which no call waits.
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

// hasCallBefore reports whether one of the waiting calls arrived before t.
func (w *waiting) hasCallBefore(t time.Time) bool {
	for _, call := range w.calls {
		if call.arrived.Before(t) {
			return true
		}
	}
	return false
}

// askService asks m whether it serves. The question is cheap: every member answers it by itself, with a
// failure if it has lost the others.
func (p *pulse) askService(ctx context.Context, m *Member) {
	asked := time.Now()
	v := p.cluster.Ask(ctx, m, p.questions.Service(), p.patience())
	switch {
	case ctx.Err() != nil, v.Own:
	case v.Outcome.settled():
		p.cluster.restored(m)
		p.strong(m, asked)
	default:
		p.cluster.failed(m, v.Err)
		p.weak(m, v.Err)
	}
}

// weak ends the calls on m, unless it has already ended them. Calls that begin while m is weak, because no
// better member is available, continue.
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

// strong records that m has answered a question that was asked at the time asked. If m was weak, the calls
// that began in the meantime end and are made again. Otherwise the calls on m are notified of the sign of
// life.
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

// weakMember is the error that ends calls on a weak member. It does not unwrap to err, which may be the
// member's refusal of the question and is not an answer to the calls.
type weakMember struct{ err error }

func (e *weakMember) Error() string { return "the member does not serve: " + errs.Bare(e.err).Error() }
