package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// pulse monitors the members on which calls wait. The same few questions serve all calls of a cluster.
//
// A member shows that it serves if it answers a question, or if it tells of an index that is higher than all
// before: it has applied a change, which needs a leader. An index comes with the header of each call that waits
// and with each event. So a member is asked only if it has shown nothing for an interval. It is first asked for
// its index, because on a busy cluster that alone shows it, and then, if the index has not moved, whether it
// serves.
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
	due   time.Time          // when to ask it, unless it shows before then that it serves
	told  time.Time          // when the calls were last notified because the index had moved
	stop  context.CancelFunc // ends monitor and lookForLeaps
}

type waitingCall struct {
	sign    func(confirmed bool) // Call.Pulse
	since   uint64               // the member's index when the call arrived; 0 until then
	arrived time.Time            // when the call was sent or, later, its header arrived
}

// grace returns the time within which a member usually answers.
func (p *pulse) grace() time.Duration { return p.interval / gracePart }

// patience returns how long a member may take to answer. Even a member that hangs right after it has shown that
// it serves is left within two intervals.
func (p *pulse) patience() time.Duration { return p.interval - p.grace() }

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
		w = &waiting{calls: map[*attempt]*waitingCall{}, due: time.Now().Add(p.interval), stop: cancel}
		p.members[m] = w
		p.cluster.Go(func() { p.monitor(life, m) })
		p.cluster.Go(func() { p.lookForLeaps(life, m) })
	}
	w.calls[a] = &waitingCall{sign: sign, arrived: time.Now()}
	a.watched, a.leave = m, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(w.calls, a)
	}
}

// monitor asks m whenever it is due, until ctx ends or no call waits on m.
func (p *pulse) monitor(ctx context.Context, m *Member) {
	timer := time.NewTimer(p.interval)
	defer timer.Stop()
	for ctx.Err() == nil {
		due, ok := p.due(m)
		switch wait := time.Until(due); {
		case !ok:
			return
		case wait <= 0:
			p.askMember(ctx, m)
			continue
		default:
			timer.Reset(wait)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// due returns when to ask m. If no call waits on m, it forgets m and returns false.
func (p *pulse) due(m *Member) (due time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.members[m]
	if w == nil {
		return time.Time{}, false
	}
	if len(w.calls) == 0 {
		w.stop()
		delete(p.members, m)
		return time.Time{}, false
	}
	return w.due, true
}

// askMember asks m for its index and, unless the index soon shows that m serves, whether it does.
func (p *pulse) askMember(ctx context.Context, m *Member) {
	asked := time.Now()
	var asking sync.WaitGroup
	defer asking.Wait()
	answered := make(chan struct{})
	asking.Go(func() {
		defer close(answered)
		p.askIndex(ctx, m)
	})
	timer := time.NewTimer(p.grace())
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
	}
	if due, ok := p.due(m); ok && due.After(asked) {
		p.cluster.restored(m)
		return
	}
	p.askService(ctx, m, asked)
}

// askService asks m whether it serves, after a first question at the time asked. The question is cheap: every
// member answers it by itself, with a failure if it has lost the others.
func (p *pulse) askService(ctx context.Context, m *Member, asked time.Time) {
	now := time.Now()
	question := p.questions.Service()
	question.Vital = true
	v := p.cluster.Ask(ctx, m, question, rest(p.patience(), asked))
	switch {
	case ctx.Err() != nil:
	case v.Own:
		p.postpone(m)
	case v.Outcome.settled():
		p.cluster.restored(m)
		p.strong(m, now)
	case p.weak(m, asked, v.Err):
		p.cluster.failed(m, v.Err)
	}
}

// postpone has m asked again soon.
func (p *pulse) postpone(m *Member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, soon := p.members[m], time.Now().Add(p.grace())
	if w != nil && w.due.Before(soon) {
		w.due = soon
	}
}

// weak ends the calls on m, which has failed to answer a question that was asked at the time asked, unless it
// has already ended them. Calls that begin while m is weak, because no better member is available, continue.
// It returns false if m has shown since then that it serves, and so will be asked again.
func (p *pulse) weak(m *Member, asked time.Time, err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.members[m]
	if w == nil {
		return true
	}
	if w.due.After(asked) {
		return false
	}
	if w.due = asked.Add(p.interval); !w.weak {
		w.weak = true
		for a := range w.calls {
			a.cancel(&weakMember{err})
		}
	}
	return true
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
	w.due = time.Now().Add(p.interval)
	if !w.weak {
		w.tell(asked)
		return
	}
	for a := range w.calls {
		a.repeat()
	}
	w.weak = false
}

// moved records that the index of the member of w has moved, unless the member is weak: it may tell its index
// and serve nobody.
//
// That confirms the calls that arrived long enough ago, as an answer to a question would. The member has
// applied a change after all calls that are open had reached it, because their headers told of a lower index.
// It has told so at least the grace after their headers arrived. So it was not stopped right behind a header,
// unless the news of the change took that much longer than the header.
func (p *pulse) moved(w *waiting) {
	if w.weak {
		return
	}
	now := time.Now()
	w.due = now.Add(p.interval)
	if by := now.Add(-p.grace()); !w.told.After(by) { // not with each event, because there may be many calls
		w.told = now
		w.tell(by)
	}
}

// tell notifies the calls of a sign of life. It confirms those that had arrived by then.
func (w *waiting) tell(by time.Time) {
	for _, call := range w.calls {
		if call.sign != nil {
			call.sign(!call.arrived.After(by))
		}
	}
}

// weakMember is the error that ends calls on a weak member. It does not unwrap to err, which may be the
// member's refusal of the question and is not an answer to the calls.
type weakMember struct{ err error }

func (e *weakMember) Error() string { return "the member does not serve: " + errs.Bare(e.err).Error() }
