package follow

import (
	"slices"
	"time"
)

// Etcd 2.3.0 to 3.0.17 have a blind spot: a recursive poll that searches the history does not find events on
// the watched key itself, except one at the very index that the poll begins from (fixed in 3.1.0, "store: do
// not modify key during scanning"). Such a poll is blind up to the index at which it arrived. What it returns,
// and its silence, count only up to the index to which a second poll, the key poll, which is not recursive,
// has looked for events on the key itself. The key poll is asked to end as soon as it waits, and so is open for
// a moment only.

// doubt returns the index up to which p may have omitted an event on the key itself that matters, or 0.
func (f *follower) doubt(p *poll) uint64 {
	if !p.blind || p.from > f.base() {
		return 0
	}
	last := p.index
	if p.phase == answered {
		last = min(last, p.event.ModifiedIndex()-1)
	}
	if last < f.base() || last <= p.from || last <= f.keyClear {
		return 0
	}
	return last
}

// doubts returns the highest index of all doubts, or 0.
func (f *follower) doubts() (last uint64) {
	for _, p := range f.polls {
		last = max(last, f.doubt(p))
	}
	return last
}

// armKeyPoll opens the key poll if there is a doubt, and ends the poll that an event of the key waits for.
func (f *follower) armKeyPoll() {
	switch {
	case f.keyPoll == nil:
		if f.doubts() != 0 || f.mayBeBlind() {
			f.keyPoll = &poll{role: own, from: max(f.from(), f.keyClear+1)}
			f.send(f.keyPoll)
		}
	case f.keyPoll.phase == answered:
		before := f.keyPoll.event.ModifiedIndex() - 1
		asked := func(p *poll) bool {
			return p.role != own && p.phase == ending && p.proves >= before && p.age < handOverTicks
		}
		p := f.cover()
		if p == nil || p.answer == nil || f.endless && p.phase != silent || slices.ContainsFunc(f.polls, asked) {
			return
		}
		if sameMember(p, f.keyPoll) || f.hasReached(p, before) {
			f.replace(p, before)
		}
	}
}

// mayBeBlind reports whether the next event has been waited for long without a header, which would tell whether
// the poll is blind, from a cluster that has a blind spot.
func (f *follower) mayBeBlind() bool {
	p := f.cover()
	return f.blind && p != nil && p.answer == nil && p.phase == silent
}

// keyPollRegistered asks the member to end the key poll, unless it has been seen that this does not work here,
// or the member lags behind the one that returned what is in doubt.
func (f *follower) keyPollRegistered() {
	f.headless = 0
	if !f.endless && f.keyPoll.index >= f.doubts() {
		f.replace(f.keyPoll, f.keyPoll.index)
	}
}

// keyPollAnswered records the event of the key poll.
func (f *follower) keyPollAnswered(event Event) error {
	p, index := f.keyPoll, event.ModifiedIndex()
	switch {
	case !f.watch.Concerns(event.Key()):
		f.keyClear, f.keyPoll = index, nil
	case index <= f.delivered:
		return f.missed(index, f.delivered)
	default:
		f.keyClear = index - 1
		f.progressRequested = true // a poll that is sent from now on looks as far as the key poll did
		p.answered(event)
	}
	return nil
}

// keyWitness takes the silence of a key poll that could not be ended properly as a proof, as far as another one
// has been silent before.
func (f *follower) keyWitness(p *poll) {
	if p.wasSilent {
		f.keyClear = max(f.keyClear, min(f.keyWitnessed, p.proves))
		f.keyWitnessed = max(f.keyWitnessed, p.proves)
	}
}

// tickKeyPoll counts a coarse tick of the key poll. Where its end proves nothing, its silence must do. If it
// does not end, the next one is opened; its answer still counts.
func (f *follower) tickKeyPoll(now time.Time) {
	p := f.keyPoll
	if p == nil {
		return
	}
	p.tick(f.patience())
	f.tellsHeaders(p, now)
	switch {
	case p.phase == ending && p.age >= handOverTicks:
		f.keyPoll = nil
		f.polls = append(f.polls, p)
	case p.phase == silent && p.answer != nil:
		f.replace(p, p.index)
	case p.phase == silent && f.headless+1 < f.headlessProof():
		f.headless++ // the next one will tell whether it is the connection or a proxy
		f.keyPoll, p.phase, p.age = nil, ending, 0
		f.polls = append(f.polls, p)
		f.endOldest()
	case p.phase == silent: // a proxy holds headers back
		for _, doubtful := range f.polls {
			if doubtful.registered.Before(p.sent) {
				f.keyClear = max(f.keyClear, f.doubt(doubtful))
			}
		}
		f.abandon(p)
	}
}

// headlessProof returns how many polls without a header must have been silent to prove anything. Two are enough
// if a proxy seems to hold back all headers. If other polls get theirs, or the watch is too young to know, it may be
// the connections that are slow.
func (f *follower) headlessProof() int {
	if time.Since(f.headers) > endingTicks*coarseTick {
		return 2
	}
	return headlessBesideOthers
}

// tellsHeaders notes whether a poll waits with its header.
func (f *follower) tellsHeaders(p *poll, now time.Time) {
	if p.open() && p.answer != nil && p.age > 0 {
		f.headers = now
	}
}

// firstOfKey returns the event of the key poll if nothing else can come before it, and before the event of the
// poll other, which may be nil.
func (f *follower) firstOfKey(other *poll) *poll {
	p := f.keyPoll
	if p == nil || p.phase != answered {
		return nil
	}
	if index := p.event.ModifiedIndex(); other == nil && f.base() >= index || other != nil && index < other.event.ModifiedIndex() {
		return p
	}
	return nil
}

// searchedForKey concludes from the silence of two polls whose headers a proxy holds back that nothing lies
// before the event of the key poll, if they were sent after that was answered.
func (f *follower) searchedForKey() {
	if f.keyPoll == nil || f.keyPoll.phase != answered {
		return
	}
	agree := 0
	for _, p := range f.polls {
		if p.role == search && p.phase == silent && p.answer == nil && p.from <= f.base() && p.sent.After(f.keyPoll.answeredAt) {
			agree++
		}
	}
	switch {
	case agree == 0:
	case agree < f.headlessProof():
		f.progressRequested = true
	default:
		f.believe(f.keyPoll.event.ModifiedIndex() - 1)
	}
}

// discardKeyPoll drops the key poll if its event has been delivered, and expects it to return the event on key
// that has just been delivered.
func (f *follower) discardKeyPoll(key string) {
	p := f.keyPoll
	switch {
	case p == nil:
	case p.phase == answered && p.event.ModifiedIndex() <= f.delivered:
		f.drop(p)
	case p.phase != answered && p.expect == 0 && p.from <= f.delivered && f.watch.AtOrAbove(key):
		p.expect = f.delivered
	}
}
