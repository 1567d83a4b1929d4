package follow

import "time"

// setTimer schedules the next tick for when there will be something to check.
func (f *follower) setTimer() {
	now := time.Now()
	at := now.Add(f.untilTick(now))
	if f.tickAt.IsZero() || at.Before(f.tickAt) {
		f.tickAt = at
		f.timer.Reset(at.Sub(now))
	}
}

func (f *follower) untilTick(now time.Time) time.Duration {
	p := f.cover()
	switch wait := f.retryAt.Sub(now); {
	case f.stream != nil:
		return streamTick
	case f.heldBack() != nil:
		return heldTick
	case wait > 0:
		return wait
	case p != nil && p.established() && !f.progressRequested:
		return max(p.sent.Add(f.pace.renewal).Sub(now), coarseTick)
	}
	return coarseTick
}

// tick checks the requests that are silent.
func (f *follower) tick() error {
	f.tickAt = time.Time{}
	if f.stream != nil {
		f.watchStream()
	}
	if p := f.heldBack(); p != nil {
		p.held++
	}
	if now := time.Now(); now.Sub(f.coarse) >= coarseTick {
		f.coarse = now
		f.tickCoarsely(now)
	}
	return nil
}

func (f *follower) tickCoarsely(now time.Time) {
	for _, p := range f.polls {
		p.tick()
	}
	f.tickKeyPolls()
	if f.stream != nil {
		return
	}
	f.prove()
	p := f.cover()
	if p == nil || p.ticks <= 1 { // it may be less than a whole tick old
		return
	}
	f.settleDown()
	due := f.progressRequested || now.Sub(p.sent) >= f.pace.renewal
	if due && p.established() && !f.handingOver() {
		f.progressRequested = false
		f.poll(f.next)
		f.renewKeyPoll()
	}
}

// settleDown abandons the polls ahead of next, because nothing comes from the history any more.
func (f *follower) settleDown() {
	f.pace.caughtUp()
	f.observeLag()
	for _, p := range f.polls {
		if p.event == nil && p.from > f.next && !p.fromNow {
			f.abandon(p)
		}
	}
}

// prove concludes from a poll that has been silent for long enough that the history had nothing for it. So
// the watch may continue after the index at which that poll arrived. This keeps a quiet watch within the
// history while events of other keys use it up. Older polls have missed nothing and are no longer needed.
func (f *follower) prove() {
	for i := len(f.polls) - 1; i >= 0; i-- {
		p := f.polls[i]
		switch {
		case !p.established() || p.from > f.next && !p.fromNow:
			continue
		case p.fromNow:
			if p.openForLong() {
				f.handOver(p)
			}
			continue
		case p.registered && p.silent() && (!p.blind || f.keyPollSilent()):
			f.pause.Reset()
			f.advance(p.index + 1)
		}
		for _, older := range f.polls[:i] {
			if older.event == nil && older.from <= p.from {
				f.abandon(older)
			}
		}
		return
	}
}
