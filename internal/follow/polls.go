package follow

import (
	"fmt"
	"slices"
	"time"
)

// registered records that a poll waits at its member.
func (f *follower) registered(p *poll, answer Answer) error {
	now := time.Now()
	index, told := answer.Index()
	p.index, p.registered, p.ticks, p.counted = index, true, 0, false
	p.confirmed.Store(false) // that referred to the time before
	f.pace.registered(p.index, now)
	f.lives()
	if told && p.index+1 < min(p.from, p.known) {
		f.checkRolledBack()
	}
	return f.identify(answer.Cluster())
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
		// A server in between has answered from its cache.
		return f.failed(p, Passing, fmt.Errorf("asked for events from %d on, got %d", p.from, index))
	}
	if !f.counts(p) {
		return nil
	}
	f.pause.Reset()
	p.event, p.ticks, p.answered = event, 0, time.Now()
	if p.keyOnly {
		f.progressRequested = true // see searched
		if !f.watch.Concerns(event.Key()) {
			f.openKeyPoll(index+1, p.since)
		}
		return nil
	}
	fast := f.pace.answered(p.from, index)
	switch {
	case p == f.sentinel:
		f.sentinel, f.stream.passed = nil, index
		if f.watch.Concerns(event.Key()) {
			f.stream.expected = max(f.stream.expected, index)
		}
	case fast:
		f.openStream()
	}
	if index < f.next {
		f.abandon(p)
	}
	return nil
}

// failed records that a poll has ended without an event.
func (f *follower) failed(p *poll, kind Kind, err error) error {
	next := p == f.nextKeyPoll
	if !f.drop(p) {
		return nil // it had been dropped
	}
	if p.keyOnly && f.keyPollFailed(next, kind) {
		return nil
	}
	// It does not matter that the history has moved on while another request is open.
	if kind == Cleared && !p.keyOnly && (f.cover() != nil || f.streaming()) {
		p := f.poll(0)
		if f.streaming() {
			f.sentinel = p
		}
		return nil
	}
	if kind != Passing {
		return f.endedBy(err)
	}
	f.reopening(err)
	return nil
}

// reopening delays the next requests after a failure. Requests that fail together count once.
func (f *follower) reopening(err error) {
	if now := time.Now(); !now.Before(f.retryAt) {
		f.retryAt = now.Add(f.pause.Step())
		f.watch.Reopened(f.next-1, err)
	}
}

// handingOver reports whether there is a poll that began from now.
func (f *follower) handingOver() bool {
	for _, p := range f.polls {
		if p.fromNow {
			return true
		}
	}
	return false
}

// handOver makes p, which began from now, the poll that returns the next event, if an older poll was open all
// the time: the older poll would have returned any event before p.
func (f *follower) handOver(p *poll) {
	cover := f.cover()
	if cover == nil {
		f.abandon(p)
		return
	}
	f.abandon(cover)
	f.advance(p.from)
	p.fromNow = false
}

// cover returns the latest poll that will return the next event, or nil if there is none.
func (f *follower) cover() *poll {
	for i := len(f.polls) - 1; i >= 0; i-- {
		if p := f.polls[i]; p.event == nil && p.from <= f.next && !p.fromNow {
			return p
		}
	}
	return nil
}

// polled reports whether there is a poll from exactly this index.
func (f *follower) polled(from uint64) bool {
	for _, p := range f.polls {
		if p.from == from {
			return true
		}
	}
	return false
}

// counts reports whether a poll has not been dropped.
func (f *follower) counts(p *poll) bool {
	return p == f.keyPoll || p == f.nextKeyPoll || slices.Contains(f.polls, p)
}

// drop removes a poll from those that count, and reports whether it was among them.
func (f *follower) drop(p *poll) bool {
	switch p {
	case f.keyPoll:
		f.keyPoll = nil
		return true
	case f.nextKeyPoll:
		f.nextKeyPoll = nil
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
	if f.drop(p) && p.event == nil {
		time.AfterFunc(lingering, p.cancel)
	}
}
