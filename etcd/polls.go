package etcd

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// registered notes that a poll waits at its server.
func (f *follower) registered(p *poll, resp *http.Response) error {
	now := time.Now()
	p.index, p.registered, p.ticks, p.living = headerNumber(resp, "X-Etcd-Index"), true, 0, false
	p.vouched.Store(false) // that was for the time before
	f.pace.registered(p.index, now)
	f.lives()
	if resp.Header.Get("X-Etcd-Index") != "" && p.index+1 < min(p.from, p.known) {
		f.checkRolledBack()
	}
	return f.identify(resp.Header.Get("X-Etcd-Cluster-Id"))
}

// lives notes a sign of life.
func (f *follower) lives() {
	if f.watch.alive != nil {
		f.watch.alive()
	}
}

// answered notes what a poll has brought.
func (f *follower) answered(p *poll, event *Response) error {
	index := event.Node.ModifiedIndex
	if index < p.from {
		// Some server in between has answered out of its own memory.
		return f.failed(p, fmt.Errorf("watch %s: asked for events from %d on, got %d", f.watch.key, p.from, index))
	}
	if !f.counts(p) {
		return nil
	}
	f.pause.Reset()
	p.event, p.ticks, p.answered = event, 0, time.Now()
	if p.self {
		f.hurried = true // see searched
		if !f.watch.concerns(event.Node.Key) {
			f.lookAtSelf(index+1, p.since)
		}
		return nil
	}
	fast := f.pace.answered(p.from, index)
	switch {
	case p == f.sentinel:
		f.sentinel, f.stream.passed = nil, index
		if f.watch.concerns(event.Node.Key) {
			f.stream.expected = max(f.stream.expected, index)
		}
	case fast:
		f.openStream()
	}
	if index < f.watch.next {
		f.abandon(p)
	}
	return nil
}

// failed notes that a poll has ended without an event.
func (f *follower) failed(p *poll, err error) error {
	next := p == f.nextSelf
	if !f.drop(p) {
		return nil // nobody waited for it any more
	}
	if p.self && f.selfFailed(next, err) {
		return nil
	}
	// That the history has moved on says nothing as long as another request looks on.
	if errors.Is(err, ErrEventIndexCleared) && !p.self && (f.cover() != nil || f.streaming()) {
		p := f.poll(0)
		if f.streaming() {
			f.sentinel = p
		}
		return nil
	}
	if final(err) {
		return f.watch.ended(err)
	}
	f.reopening(err)
	return nil
}

// reopening makes the next requests wait after a failure. Those that fail together count once.
func (f *follower) reopening(err error) {
	if now := time.Now(); !now.Before(f.retryAt) {
		f.retryAt = now.Add(f.pause.Step())
		f.watch.client.cluster.observe(WatchReopened{f.watch.key, f.watch.next - 1, err})
	}
}

// handingOver reports whether there is a poll that began from now.
func (f *follower) handingOver() bool {
	for _, p := range f.polls {
		if p.now {
			return true
		}
	}
	return false
}

// handOver makes p, which began from now, the poll that brings the next event, if an older one was
// open all the time: that would have brought what was before.
func (f *follower) handOver(p *poll) {
	cover := f.cover()
	if cover == nil {
		f.abandon(p)
		return
	}
	f.abandon(cover)
	f.watch.advance(p.from)
	p.now = false
}

// cover returns the latest poll that will bring the next event, if there is one.
func (f *follower) cover() *poll {
	for i := len(f.polls) - 1; i >= 0; i-- {
		if p := f.polls[i]; p.event == nil && p.from <= f.watch.next && !p.now {
			return p
		}
	}
	return nil
}

// polled reports whether there is a poll from this very index.
func (f *follower) polled(from uint64) bool {
	for _, p := range f.polls {
		if p.from == from {
			return true
		}
	}
	return false
}

// counts reports whether somebody still waits for a poll.
func (f *follower) counts(p *poll) bool {
	return p == f.self || p == f.nextSelf || slices.Contains(f.polls, p)
}

// drop takes a poll out of those that count, and reports whether it was there.
func (f *follower) drop(p *poll) bool {
	switch p {
	case f.self:
		f.self = nil
		return true
	case f.nextSelf:
		f.nextSelf = nil
		return true
	}
	for i := range f.polls {
		if f.polls[i] == p {
			// A new slice: whoever goes through the old one goes on.
			f.polls = append(append([]*poll(nil), f.polls[:i]...), f.polls[i+1:]...)
			if p == f.sentinel {
				f.sentinel = nil
			}
			return true
		}
	}
	return false
}

// abandon lets go of a poll that is no longer needed.
func (f *follower) abandon(p *poll) {
	if f.drop(p) && p.event == nil {
		time.AfterFunc(lingering, p.cancel)
	}
}
