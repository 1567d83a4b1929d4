package follow

import (
	"slices"
	"time"
)

// registered records that a poll waits at its member.
func (f *follower) registered(p *poll) error {
	now := time.Now()
	index, told := p.answer.Index()
	p.index, p.reached, p.registered, p.age, p.aliveAt = index, index, now, 0, 0
	p.confirmed.Store(false) // that referred to the time before
	if p.open() {
		p.phase = waiting
	}
	f.pace.registered(p.index, now)
	f.lives()
	f.verify(p)
	if told && p.index+1 < min(p.from, p.known) {
		f.checkRolledBack()
	}
	if p == f.keyPoll {
		f.keyPollRegistered()
	}
	if f.leaderChanged(p) || f.unobserved(p) {
		f.interruptions++
		f.interrupted = true
	}
	f.checkHistory()
	return f.identify(p.answer.Cluster())
}

// leaderChanged reports whether there was an election since the last header. A cluster that is made anew has one, and shows
// it even if no connection was seen to break, because an answer of its predecessor was late.
func (f *follower) leaderChanged(p *poll) bool {
	term, before := p.answer.Term(), f.term
	if term != 0 {
		f.term = term
	}
	return term != 0 && before != 0 && term != before
}

// unobserved reports whether the cluster may have been made anew unnoticed while p was on its way: that took long, and
// no other request waited that would have been cut off. The client may have sent p several times.
func (f *follower) unobserved(p *poll) bool {
	witness := func(q *poll) bool {
		return q != p && q.answer != nil && q.phase < answered && q.registered.Before(p.sent)
	}
	return p.registered.Sub(p.sent) >= AnewTime && !slices.ContainsFunc(f.polls, witness) && !f.streaming()
}

// lives reports a sign of life to the watch.
func (f *follower) lives() {
	if f.watch.Pulse != nil {
		f.watch.Pulse()
	}
}

// answered records the event that a poll has returned.
func (f *follower) answered(p *poll, event Event) error {
	index := event.ModifiedIndex()
	if index < p.from {
		return f.impossible(p, index)
	}
	if !f.counts(p) {
		return nil
	}
	f.wrong = 0
	f.pause.Reset()
	switch {
	case p.expect != 0:
		f.drop(p)
		return f.late(p.expect, event)
	case p == f.keyPoll:
		return f.keyPollAnswered(event)
	case p.role == own:
		f.drop(p)
		return f.late(f.delivered+1, event)
	}
	p.answered(event)
	fast := f.pace.answered(p.from, index)
	if f.watch.Streams {
		fast = f.pace.often(time.Now()) || fast
	}
	switch {
	case p == f.sentinel:
		f.sentinel, f.stream.passed = nil, index
		if f.watch.Concerns(event.Key()) {
			f.stream.expected = max(f.stream.expected, index)
		}
	case fast:
		f.openStream()
	}
	if index <= f.delivered {
		f.abandon(p)
	}
	return nil
}

// answered keeps the event of a poll until it is delivered.
func (p *poll) answered(event Event) { p.phase, p.event, p.answeredAt = answered, event, time.Now() }

// impossible records an answer that no poll of etcd gets. If that repeats, it ends the watch.
func (f *follower) impossible(p *poll, index uint64) error {
	err := f.watch.Source.Impossible(p.from, index)
	if f.wrong++; f.wrong >= mostWrong {
		return f.endedBy(err)
	}
	return f.failed(p, Passing, err)
}

// late takes the answer of a poll that should have returned the event at index expect, or one before. If the
// answer is an earlier event, which has not been delivered, late returns the error that ends the watch: silence
// was not what it seemed to be.
func (f *follower) late(expect uint64, event Event) error {
	index := event.ModifiedIndex()
	if index >= expect || !f.watch.Concerns(event.Key()) {
		return nil
	}
	return f.missed(index, expect)
}

// failed records that a poll has ended without an event.
func (f *follower) failed(p *poll, kind Kind, err error) error {
	if !f.drop(p) {
		return nil // it had been dropped
	}
	if kind == Cleared {
		f.cleared = max(f.cleared, p.from)
		if p.from < f.base() {
			return nil // the next poll begins at the base
		}
	}
	if p.phase == ending && (p.role == own || f.successor() == nil) {
		f.notFinished(p)
		return nil
	}
	// The history has moved on. Another request is open, which may prove that nothing was missed.
	if kind == Cleared && p.role != own && (f.cover() != nil || f.streaming()) {
		f.beginFromNow()
		return nil
	}
	return f.again(kind, err)
}

// beginFromNow opens a poll from now, unless there is one already: many polls may find at once that the history
// has moved on.
func (f *follower) beginFromNow() {
	switch {
	case !f.streaming():
		if f.successor() == nil {
			f.poll(0)
		}
	case f.sentinel == nil:
		f.sentinel = f.poll(0)
	}
}

// again delays the next requests after a failure, or returns the error that ends the watch. A request that was
// never sent is no interruption: what is open stays, and what it brings is delivered.
func (f *follower) again(kind Kind, err error) error {
	if kind.final() {
		return f.endedBy(err)
	}
	f.reopening(err, kind == Passing)
	return nil
}

// finished records that a poll has ended without an event because its member was asked to end it. Everything
// that the member had sent before has arrived on the same connection, and it was nothing.
func (f *follower) finished(p *poll) error {
	if !f.drop(p) {
		return nil
	}
	f.pause.Reset()
	if p.role == own {
		f.endless = false
		f.keyClear = max(f.keyClear, p.proves)
		return nil
	}
	f.endless = false
	f.conclude(f.clear(p, p.proves))
	if next := f.successor(); next != nil && next.from <= f.base() {
		next.role = search
	}
	return nil
}

// notFinished records that a poll has failed that was asked to end. If it was the connection that broke, and at once, the
// way to the members may not let polls end, unless it has let one end before.
func (f *follower) notFinished(p *poll) {
	switch {
	case p.answer == nil || p.answer.Cut() || p.answer.Ends() || time.Since(p.asked) > breakTime:
	case p.role == own:
		f.endless = true
		f.keyWitness(p)
	default:
		f.endless = true
		f.witness(p)
		f.agree()
	}
}

// witness records up to where a poll has been silent that could not be ended properly.
func (f *follower) witness(p *poll) {
	if p.wasSilent && p.from <= f.base() {
		f.witnessed = max(f.witnessed, f.clear(p, min(p.index, p.proves)))
	}
}

// agree concludes what such a poll seems to show, if a newer poll has been silent, too. One poll alone may have
// been on a connection that was slow or dead.
func (f *follower) agree() {
	if newest := f.newest(func(p *poll) bool { return p.phase == silent && p.role == search }); newest != nil {
		f.believe(f.clear(newest, min(newest.index, f.witnessed)))
	}
}

// clear returns up to which index, and no further than last, the silence of p shows that there is nothing.
func (f *follower) clear(p *poll, last uint64) uint64 {
	if p.blind && p.index > f.keyClear {
		return min(last, f.keyClear)
	}
	return last
}

// replace asks the member of p to end it, because a newer poll waits for the same events. Its end proves
// that there was nothing up to index. The answer still counts, however late it is.
func (f *follower) replace(p *poll, index uint64) {
	if p.phase == ending {
		return
	}
	p.phase, p.proves, p.age, p.wasSilent = ending, index, 0, p.phase == silent
	if p.expect == 0 {
		f.endOldest()
	}
	if p.answer == nil {
		f.abandon(p)
		return
	}
	f.running.Go(func() { f.finish(p) })
}

// finish asks the member of p to end it, but not right after its header. It may have been answered by then.
func (f *follower) finish(p *poll) {
	timer := time.NewTimer(time.Until(p.registered.Add(searchGrace)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.ctx.Done():
		return
	}
	f.mu.Lock()
	p.asked = time.Now()
	f.mu.Unlock()
	if p.answer.Finish() {
		return
	}
	f.do(func() error {
		if p.phase == answered {
			return nil
		}
		p.cancel()
		return f.failed(p, Passing, errNotFinished)
	})
}

// endOldest keeps the number of polls small that have been asked to end and do not.
func (f *follower) endOldest() {
	var asked []*poll
	for _, p := range f.polls {
		if p.phase == ending {
			asked = append(asked, p)
		}
	}
	if len(asked) > mostEnding {
		f.abandon(asked[0])
	}
}

// reopening delays the next requests after a failure, which may be an interruption. Requests that fail together
// are delayed once.
func (f *follower) reopening(err error, interrupts bool) {
	if interrupts {
		f.interruptions++
	}
	now := time.Now()
	if now.Before(f.retryAt) && (!f.unsent || !interrupts) {
		return
	}
	f.retryAt, f.unsent = now.Add(f.pause.Step()), !interrupts
	f.interrupted = f.interrupted || interrupts
	f.watch.Reopened(f.proven, err)
}

// successor returns the poll that began from now, or nil.
func (f *follower) successor() *poll {
	for _, p := range f.polls {
		if p.role == present && p != f.sentinel {
			return p
		}
	}
	return nil
}

// cover returns the latest poll that will return the next event, or nil if there is none. One that was asked to
// end still counts if it is to prove something for a poll that began from now.
func (f *follower) cover() *poll {
	handingOver := f.successor() != nil
	return f.newest(func(p *poll) bool { return p.waits() || handingOver && p.phase == ending && p.role == search })
}

// polled reports whether there is a poll from exactly this index.
func (f *follower) polled(from uint64) bool {
	return slices.ContainsFunc(f.polls, func(p *poll) bool { return p.from == from && p.phase != ending })
}

// counts reports whether a poll has not been dropped.
func (f *follower) counts(p *poll) bool {
	return p == f.keyPoll || slices.Contains(f.polls, p)
}

// drop removes a poll from those that count, and reports whether it was among them.
func (f *follower) drop(p *poll) bool {
	if p == f.keyPoll {
		f.keyPoll = nil
		return true
	}
	for i := range f.polls {
		if f.polls[i] == p {
			// A new slice, so that a loop over the old one is not disturbed.
			f.polls = append(append([]*poll(nil), f.polls[:i]...), f.polls[i+1:]...)
			if p == f.sentinel {
				f.sentinel = nil
			}
			return true
		}
	}
	return false
}

// abandon drops a poll that is no longer needed.
func (f *follower) abandon(p *poll) {
	if f.drop(p) && p.phase != answered {
		time.AfterFunc(lingering, p.cancel)
	}
}
