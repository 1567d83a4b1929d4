package cluster

import (
	"context"
	"time"
)

// A member that has fallen behind by more than 5,000 entries is sent a snapshot, and calls that wait see
// nothing of the changes between. It takes less than a second of hanging for that, when others write fast. So
// the pulse looks how a member's index moves: in steps, and not in leaps. For that it must look often when
// the index moves fast, and seldom when it does not; a poll of everything tells when it begins to move. That
// waits for an event some way ahead, so that one change does not wake all the clients of a cluster.
const (
	leap   = 4000 // indexes, less than any that a snapshot can hide
	stride = 500  // indexes that may pass between two looks
)

// lookForLeaps waits until the index has moved by a stride, and again shortly after, until ctx ends.
func (p *pulse) lookForLeaps(ctx context.Context, m *Member) {
	for ctx.Err() == nil {
		began, before := time.Now(), p.reached(m)
		pause := lookingRefused
		if index, ok := p.nextStride(ctx, m, before); ok {
			pause = untilLook(max(index, before)-before, time.Since(began))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// untilLook returns when to look again at an index that has moved so far in so much time.
func untilLook(moved uint64, passed time.Duration) time.Duration {
	if passed > mostLooking { // it has stood still, and may be at the beginning of anything
		return leastLooking
	}
	pause := time.Duration(stride / float64(moved+1) * float64(passed+leastLooking))
	return min(max(pause, leastLooking), mostLooking)
}

// nextStride waits until m is a stride past an index, 0 for any event, and returns how far it is, and whether
// that could be learned.
func (p *pulse) nextStride(ctx context.Context, m *Member, after uint64) (index uint64, ok bool) {
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
			return 0, false
		}
	}
	if v.Outcome != Done {
		return 0, false
	}
	p.saw(m, v.Index)
	return max(v.Index, now), true
}

// askIndex asks m for its index.
func (p *pulse) askIndex(ctx context.Context, m *Member) {
	p.saw(m, p.cluster.Ask(ctx, m, p.questions.Index(), p.patience()).Index)
}

// reached returns the last index that m was seen to have reached.
func (p *pulse) reached(m *Member) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.members[m]; w != nil {
		return w.index
	}
	return 0
}

// registered notes that the call that a makes has arrived at m, which was at index then.
func (p *pulse) registered(m *Member, a *attempt, index uint64) {
	if p.reached(m) > index+leap { // the leap came while the header was under way
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

// saw notes that m has reached index. If that is a leap, calls that were open before it are ended.
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
	if index > w.index || index+leap < w.index { // or the cluster was restored
		w.index = index
	}
}

// check returns an error if the event at index may not be the first for the call that a makes: see
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
