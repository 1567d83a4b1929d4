package follow

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/contexts"
)

// follower follows a server as fast as it writes. While little happens, it has one long poll open; see arm
// for the rest. Polls and the stream run in their own goroutines and do the steps that follow from what they
// receive, so that no other goroutine must wake up to deliver an event. Steps run one at a time.
type follower struct {
	watch   *Watch
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	over    chan struct{} // closed when a step has ended the watch

	mu                sync.Mutex // held by the running step
	err               error      // why the watch has ended
	next              uint64     // all events before it have been delivered
	cluster           string     // ID of the watched cluster; empty until it is known
	polls             []*poll    // in flight, or answered and not yet delivered
	stream            *stream    // nil most of the time
	sentinel          *poll      // the one of polls that proves that the stream is alive
	keyPoll           *poll      // in addition to polls, if the server has a blind spot
	nextKeyPoll       *poll      // to replace keyPoll
	blind             bool       // a server with a blind spot has answered
	pace              pace
	progressRequested bool
	checking          bool // for a rollback of the cluster

	pause   backoff.Backoff
	lagging bool      // the observer has been told of a lag
	lagTold time.Time // when that was
	retryAt time.Time // no request before then, because one has failed
	timer   *time.Timer
	tickAt  time.Time
	coarse  time.Time // when the last coarse tick was
}

func newFollower(ctx context.Context, w *Watch) *follower {
	f := &follower{watch: w, next: w.Next, cluster: w.Cluster, over: make(chan struct{}), pause: NewPause()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	f.pace = newPace(w.PollTimeout)
	f.timer = time.NewTimer(0)
	return f
}

// follow delivers events until the watch ends, and returns why.
func (f *follower) follow() error {
	f.do(func() error { return nil })
	for {
		select {
		case <-f.watch.Request:
			f.do(f.requestProgress)
		case <-f.timer.C:
			f.do(f.tick)
		case <-f.over:
			return f.err
		case <-f.ctx.Done():
			return f.end(contexts.Err(f.ctx))
		}
	}
}

// do runs a step and what follows from it, unless the watch has ended.
func (f *follower) do(step func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil || f.ctx.Err() != nil {
		return
	}
	err := step()
	if err == nil {
		err = f.settle()
	}
	if err != nil {
		f.err = err
		close(f.over)
		return
	}
	f.arm()
	f.setTimer()
}

// end ends the watch because of why, unless it has already ended, and returns why it ended.
func (f *follower) end(why error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = why
	}
	return f.err
}

func (f *follower) requestProgress() error {
	f.progressRequested = true
	return nil
}

// close ends the goroutines of the watch and waits for them.
func (f *follower) close() {
	f.timer.Stop()
	f.cancel()
	f.running.Wait()
}

// arm opens the requests that the situation requires.
//
// A poll from index i returns the first event at or after i, from the history or when it happens, so a poll
// from next misses nothing. The answer to a poll reports the index of the store and so shows how far the
// watch lags. While it lags, polls from the indexes after next are open as well. Together they miss nothing
// either, however fast the server writes. If the lag persists, a stream takes over.
func (f *follower) arm() {
	if time.Now().Before(f.retryAt) {
		return
	}
	next := f.next
	if f.blind && f.keyPoll == nil {
		f.openKeyPoll(next, next)
	}
	if f.streaming() {
		if f.sentinel == nil {
			f.sentinel = f.poll(max(next, f.stream.passed) + sentinelLead)
		}
		return
	}
	if f.cover() == nil && f.heldBack() == nil { // else it would at once return what is held back
		f.poll(next)
	}
	last := min(next+f.pace.window, f.pace.head+1)
	if f.stream != nil && f.stream.opened {
		last = min(last, f.stream.start+1) // it receives everything after its start
	}
	for from := next + 1; from < last; from++ {
		if !f.polled(from) {
			f.poll(from)
		}
	}
}

// settle delivers all events that can be delivered without omitting any.
func (f *follower) settle() error {
	event := f.first()
	if event == nil {
		return nil
	}
	for ; event != nil; event = f.first() {
		index := event.ModifiedIndex()
		if f.watch.Concerns(event.Key()) {
			if err := f.watch.Deliver(event); err != nil {
				return err
			}
		}
		f.advance(index + 1)
		f.discard()
		f.discardKeyPoll(event.Key())
		f.observeLag()
	}
	runtime.Gosched() // the receiver of the event runs first: sending the next request takes longer
	return nil
}

// first returns the next event to deliver, or nil if it is not known yet.
func (f *follower) first() Event {
	next := f.next
	var first *poll
	for _, p := range f.polls {
		if p.event != nil && p.from <= next && (first == nil || p.event.ModifiedIndex() < first.event.ModifiedIndex()) {
			first = p
		}
	}
	if s := f.stream; s != nil && len(s.held) > 0 && s.start < next {
		if event := s.held[0]; first == nil || event.ModifiedIndex() <= first.event.ModifiedIndex() {
			return event
		}
	}
	switch {
	case first == nil && f.keyPoll == nil:
		return nil
	case first == nil || first.blind && first.event.ModifiedIndex() > next:
		return f.firstWithKeyPoll(first)
	}
	return first.event
}

// discard drops what can return nothing new. A poll from before next that has not been answered would have to
// return an event that has been delivered, unless it was just proven that there is none.
func (f *follower) discard() {
	next := f.next
	for _, p := range f.polls {
		arriving := p.fromNow && p.from == 0
		if p.event != nil && p.event.ModifiedIndex() < next || p.event == nil && p.from < next && !arriving {
			f.abandon(p)
		}
	}
	if s := f.stream; s != nil {
		for len(s.held) > 0 && s.held[0].ModifiedIndex() < next {
			s.held = s.held[1:]
		}
	}
}
