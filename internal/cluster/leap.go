package cluster

import (
	"context"
	"time"
)

// A member that has fallen behind by more than 5,000 entries receives a snapshot, and calls that wait on it
// do not see the changes in between. When others write fast, it takes less than a second of hanging to fall
// that far behind. So the pulse checks that the index of a member moves in steps and not in leaps. It must
// look often while the index moves fast, and rarely while it does not. A poll of all keys shows when the
// index begins to move. The poll waits for an event some way ahead, so that one change does not wake all
// clients of a cluster.
//
// The fastest servers make up to 20,000 changes a second. For them a stride takes 45 ms, and untilLook then
// returns 145 ms, in which the index moves by 2,900. That leaves 55 ms for the request. A step that is taken for
// a leap does no harm: the calls are made again.
const (
	leap   = 4000 // indexes; fewer than any snapshot hides
	stride = 900  // indexes that may pass between two looks
)

// lookForLeaps waits until the index of m has moved by a stride, pauses, and repeats this until ctx ends.
func (p *pulse) lookForLeaps(ctx context.Context, m *Member) {
	for ctx.Err() == nil {
		began, before := time.Now(), p.reached(m)
		pause := lookingRefused
		switch v := p.nextStride(ctx, m, before); {
		case v.Outcome == Done:
			pause = untilLook(max(v.Index, before)-before, time.Since(began))
		case v.Own:
			pause = p.interval
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// untilLook returns how long to pause before the next look at an index that moved by moved in the time
// passed.
func untilLook(moved uint64, passed time.Duration) time.Duration {
	if passed > mostLooking { // it stood still, and now a burst may be beginning
		return leastLooking
	}
	pause := time.Duration(stride / float64(moved+1) * float64(passed+leastLooking))
	return min(max(pause, leastLooking), mostLooking)
}

// nextStride waits until the index of m is a stride past after, or, if after is 0, for any event. If the index of
// m can be learned, the outcome is Done.
func (p *pulse) nextStride(ctx context.Context, m *Member, after uint64) Verdict {
	var from uint64
	if after > 0 {
		from = after + stride
	}
	call := p.questions.Change(from)
	v, open := p.cluster.ask(ctx, m, call, p.interval)
	now := v.Index
	if open != nil {
		defer open.Close()
		p.saw(m, now)
		var err error
		if v, err = call.Answer.Sort(open.Reply); err != nil {
			return Verdict{}
		}
	}
	if v.Outcome == Done {
		p.saw(m, v.Index)
		v.Index = max(v.Index, now)
	}
	return v
}

// askIndex asks m for its index.
func (p *pulse) askIndex(ctx context.Context, m *Member) {
	question := p.questions.Index()
	question.Vital = true
	p.saw(m, p.cluster.Ask(ctx, m, question, p.patience()).Index)
}

// reached returns the last index that m is known to have reached.
func (p *pulse) reached(m *Member) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.members[m]; w != nil {
		return w.index
	}
	return 0
}

// registered records that the call of attempt a has arrived at m, and that m was then at index.
func (p *pulse) registered(m *Member, a *attempt, index uint64) {
	if p.reached(m) > index+leap { // m leapt while the header was in flight
		a.repeat()
		return
	}
	p.saw(m, index)
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.members[m]; w != nil && w.calls[a] != nil {
		w.calls[a].since, w.calls[a].arrived = index, time.Now()
	}
}

// saw records that m has reached index. If that is a leap, saw ends the calls that were open before it.
func (p *pulse) saw(m *Member, index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.members[m]
	if w == nil || index == 0 {
		return
	}
	if w.index != 0 && index > w.index+leap {
		w.leapt = w.index
		for a, call := range w.calls {
			if call.since != 0 {
				a.repeat()
			}
		}
	}
	if w.index != 0 && index > w.index {
		p.moved(w)
	}
	if index > w.index || index+leap < w.index { // or the cluster was restored
		w.index = index
	}
}

// check returns an error if the event at index may not be the first for the call of attempt a; see
// Open.Check.
func (p *pulse) check(a *attempt, index uint64) error {
	p.saw(a.watched, index)
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.members[a.watched]
	if w == nil || w.calls[a] == nil {
		return nil
	}
	if since := w.calls[a].since; since != 0 && since <= w.leapt && index > w.leapt {
		return errMayHaveMissed
	}
	return nil
}
