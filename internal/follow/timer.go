package follow

import "time"

// setTimer makes the next tick come when there will be something to look after.
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

// tick looks after what is silent.
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
	if p == nil || p.ticks <= 1 { // less than a whole tick old, it may be
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

// settleDown leaves one poll open, now that nothing comes out of the history any more.
func (f *follower) settleDown() {
	f.pace.caughtUp()
	f.observeLag()
	for _, p := range f.polls {
		if p.event == nil && p.from > f.next && !p.fromNow {
			f.abandon(p)
		}
	}
}

// prove concludes from a poll that has been silent for long enough that there was nothing for it in the
// history. So the watch may go on from there, which keeps a quiet one inside the history that other keys use
// up; and older polls have missed nothing and are no longer needed.
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
