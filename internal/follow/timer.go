package follow

import (
	"slices"
	"time"
)

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
	switch wait := f.retryAt.Sub(now); {
	case f.stream != nil:
		return streamTick
	case wait > 0:
		return wait
	case !f.rests():
		return coarseTick
	case f.interrupted:
		return checkInterval
	}
	return max(f.cover().sent.Add(f.pace.renewal).Sub(now), coarseTick)
}

// rests reports whether no request is open whose ticks count, so that nothing is to be done before the poll is due.
func (f *follower) rests() bool {
	p := f.cover()
	older := func(other *poll) bool { return f.isOlder(other, p) }
	return p != nil && p.phase == silent && !f.progressRequested && f.successor() == nil && f.keyPoll == nil &&
		!slices.ContainsFunc(f.polls, older)
}

// tick checks the requests that are silent.
func (f *follower) tick() error {
	f.tickAt = time.Time{}
	if f.stream != nil {
		f.watchStream()
	}
	if now := time.Now(); now.Sub(f.coarse) >= coarseTick {
		f.coarse = now
		f.tickCoarsely(now)
	}
	return nil
}

func (f *follower) tickCoarsely(now time.Time) {
	for _, p := range f.polls {
		p.tick(f.patience())
		f.tellsHeaders(p, now)
	}
	f.tickKeyPoll(now)
	// Again, if nobody answered. A poll whose header a proxy holds back asks for the check when it has been silent.
	if f.newest(func(p *poll) bool { return p.answer != nil || p.phase == silent }) != nil {
		f.checkHistory()
	}
	if f.stream != nil {
		return
	}
	f.prove()
	p := f.cover()
	if p == nil || p.age <= 1 { // it may be less than a whole tick old
		return
	}
	f.settleDown()
	due := f.progressRequested || now.Sub(p.sent) >= f.pace.renewal
	if due && p.established() && f.successor() == nil {
		f.progressRequested = false
		f.poll(f.from())
	}
}

// settleDown abandons the polls ahead of the base, because nothing comes from the history any more.
func (f *follower) settleDown() {
	f.pace.caughtUp()
	f.observeLag()
	for _, p := range f.polls {
		if p.waits() && p.from > f.base() {
			f.abandon(p)
		}
	}
}

// prove lets the newest poll that waits for the next event replace the older ones that have been silent for long
// enough. Their ends prove that nothing was missed until the newest arrived, if their members have come that far.
func (f *follower) prove() {
	f.agree()
	f.endThoseThatDoNotEnd()
	f.searchedForKey()
	if next := f.successor(); next != nil {
		f.handOver(next)
		return
	}
	newest := f.newest((*poll).waits)
	if newest == nil || f.endless && newest.phase != silent {
		return
	}
	if newest.answer == nil {
		f.thin(newest)
		return
	}
	for _, p := range f.polls {
		switch {
		case !f.isOlder(p, newest):
		case sameMember(p, newest), newest.openForLong() && (p.answer == nil || f.hasReached(p, newest.index)):
			f.replace(p, newest.index)
		case p.overdue >= overdueTicks:
			f.replace(p, p.index)
		default:
			p.overdue++
		}
	}
}

// isOlder reports whether p is to be replaced by newest.
func (f *follower) isOlder(p, newest *poll) bool {
	return p != newest && p.role == search && p.phase == silent && p.from <= f.base() && !p.sent.After(newest.sent)
}

// thin abandons all but the newest polls whose header a proxy holds back, when the newest has been silent for as
// long as the others.
func (f *follower) thin(newest *poll) {
	left := f.headlessProof()
	for _, p := range slices.Backward(f.polls) {
		if p.role == search && p.phase == silent && p.answer == nil && newest.phase == silent && p.from <= f.base() {
			if left--; left < 0 {
				f.abandon(p)
			}
		}
	}
}

// newest returns the latest of the polls from the base or before it of which is is true, or nil.
func (f *follower) newest(is func(*poll) bool) *poll {
	for _, p := range slices.Backward(f.polls) {
		if p.from <= f.base() && p.role != own && is(p) {
			return p
		}
	}
	return nil
}

// handOver makes next, which began from now, the poll that returns the next event, if an older poll proves
// by its end that it has missed nothing: it was open all the time, and would have returned any event before
// next. Its member must have come that far, or its end shows nothing of the events that the member still lacks, and
// no history has them any more.
func (f *follower) handOver(next *poll) {
	switch cover := f.cover(); {
	case cover == nil, cover.sent.After(next.sent): // the older poll has gone without a proof
		f.abandon(next)
	case !next.openForLong():
	case cover.answer == nil || f.hasReached(cover, next.from-1):
		f.replace(cover, next.from-1)
	case next.age >= endingTicks:
		f.abandon(cover)
	}
}

// hasReached reports whether the member of p is known to have reached index. If it is not, hasReached asks the
// member, once a second, for a later tick.
func (f *follower) hasReached(p *poll, index uint64) bool {
	if p.reached < index && !p.asking && p.age >= p.askAt {
		p.asking, p.askAt = true, p.age+quietTicks
		f.running.Go(func() {
			reached := p.answer.Reached(f.ctx)
			f.do(func() error {
				p.asking, p.reached = false, max(p.reached, reached)
				return nil
			})
		})
	}
	return p.reached >= index
}

// endThoseThatDoNotEnd abandons the polls that were asked to end long ago.
func (f *follower) endThoseThatDoNotEnd() {
	for _, p := range f.polls {
		if p.phase == ending && p.age >= endingTicks {
			f.abandon(p)
		}
	}
}
