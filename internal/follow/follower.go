package follow

import (
	"context"
	"runtime"
	"slices"
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

	mu  sync.Mutex // held by the running step
	err error      // why the watch has ended
	position
	cleared           uint64    // the highest index that the history is known to have dropped; 0 until one is known
	discarded         uint64    // the first event that was discarded; nothing if it is not beyond proven
	wrong             int       // impossible answers in a row
	cluster           string    // ID of the watched cluster; empty until it is known
	there             bool      // the watched key is known to exist
	unsure            unsure    // what was delivered and is not certain yet; see audit.go
	polls             []*poll   // in flight, or answered and not yet delivered
	stream            *stream   // nil most of the time
	sentinel          *poll     // the one of polls that proves that the stream is alive
	keyPoll           *poll     // in addition to polls, if the server has a blind spot
	keyClear          uint64    // nothing of the key itself up to it is still to be delivered
	keyWitnessed      uint64    // up to where a key poll has been silent whose end proved nothing
	blind             bool      // a server with a blind spot has answered
	endless           bool      // the last poll that was asked to end did not do so
	witnessed         uint64    // up to where one poll has been silent whose end proved nothing
	headless          int       // key polls in a row that had no header for long
	headers           time.Time // when a poll was last seen that waits with its header, or when the watch began
	pace              pace
	progressRequested bool
	checking          bool   // the cluster
	term              uint64 // of the last header; 0 until one is known
	interrupted       bool   // it is not known whether the history is still the same
	interruptions     int    // how many there were

	pause   backoff.Backoff
	lagging bool      // the observer has been told of a lag
	lagTold time.Time // when that was
	retryAt time.Time // no request before then, because one has failed
	unsent  bool      // which was never sent
	timer   *time.Timer
	tickAt  time.Time
	coarse  time.Time // when the last coarse tick was
}

func newFollower(ctx context.Context, w *Watch) *follower {
	start := w.Next - 1
	f := &follower{
		watch: w, position: position{start, start}, cluster: w.Cluster, interrupted: w.Interrupted, term: w.Term,
		headers: time.Now(),
		over:    make(chan struct{}), pause: NewPause(),
	}
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
	if !f.interrupted {
		f.tellProgress()
	}
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
// watch lags. While it lags, polls from the indexes after next are open as well, as many as the budget allows.
// Together they miss nothing either, however fast the server writes. If the lag persists, a stream takes over.
func (f *follower) arm() {
	if time.Now().Before(f.retryAt) {
		return
	}
	next := f.base()
	for _, p := range f.polls {
		if p.from <= next {
			f.giveBack(p)
		}
	}
	f.armKeyPoll()
	if f.streaming() {
		if f.sentinel == nil {
			f.sentinel = f.poll(max(next, f.stream.passed) + sentinelLead)
		}
		return
	}
	if f.cover() == nil && !f.held() { // else it would at once return what is held back
		f.poll(f.from())
	}
	last := min(next+f.window(), f.pace.head+1)
	if f.stream != nil && f.stream.opened {
		last = min(last, f.stream.start+1) // it receives everything after its start
	}
	for from := max(next, f.cleared) + 1; from < last; from++ {
		if !f.polled(from) && !f.pollAhead(from) {
			break
		}
	}
}

// window returns how many polls may be open at once. Where a stream is worth while anyway, few will do until it
// has opened.
func (f *follower) window() uint64 {
	if f.watch.Streams {
		return min(f.pace.window, mostBeforeStream)
	}
	return f.pace.window
}

// settle delivers all events that can be delivered without omitting any.
func (f *follower) settle() error {
	event, from, by := f.first()
	if event == nil {
		return nil
	}
	for ; event != nil; event, from, by = f.first() {
		if event.ModifiedIndex() <= f.proven {
			f.retract()
		}
		if by != nil {
			f.unsure = f.unsure.add(delivery{by, f.base(), event.ModifiedIndex(), f.there})
		}
		if f.watch.Concerns(event.Key()) {
			f.shows(event)
			if err := f.watch.Deliver(event); err != nil {
				return err
			}
		} else if f.watch.Passed != nil {
			f.watch.Passed(event)
		}
		// Whether that there is nothing before the event follows from silence alone.
		believed := from > f.delivered+1
		proven := f.proven
		f.deliver(event.ModifiedIndex())
		if f.proven > proven {
			f.tellProgress()
		}
		f.discard(believed)
		f.discardKeyPoll(event.Key())
		f.observeLag()
	}
	runtime.Gosched() // the receiver of the event runs first: sending the next request takes longer
	return nil
}

// first returns the next event to deliver, from which index on its request was for it, and the answer to the poll that
// has brought it, if it was one; or nil if the next event is not known yet.
func (f *follower) first() (event Event, from uint64, by Answer) {
	if f.interrupted {
		return nil, 0, nil
	}
	var first *poll
	for _, p := range f.polls {
		if p.phase == answered && p.from <= f.base() && (first == nil || p.event.ModifiedIndex() < first.event.ModifiedIndex()) {
			first = p
		}
	}
	if s := f.stream; s != nil && len(s.held) > 0 && s.start < f.base() {
		if event := s.held[0]; first == nil || event.ModifiedIndex() <= first.event.ModifiedIndex() {
			return event, s.start + 1, nil
		}
	}
	if own := f.firstOfKey(first); own != nil {
		first = own
	}
	if first == nil || f.doubt(first) != 0 {
		return nil, 0, nil
	}
	return first.event, first.from, first.answer
}

// held reports whether there is an event that waits for the key poll.
func (f *follower) held() bool {
	return slices.ContainsFunc(f.polls, func(p *poll) bool { return p.phase == answered && p.from <= f.base() })
}

// discard drops what can return nothing new. A poll that has not been answered, and that began before an event
// that has been delivered, would have to return that event, unless silence was believed to show that there is
// none before it. Then its answer still counts.
func (f *follower) discard(believed bool) {
	for _, p := range f.polls {
		switch arriving := p.from == 0; {
		case p.phase == answered && p.event.ModifiedIndex() <= f.delivered:
			f.abandon(p)
		case p.phase == answered || p.from > f.delivered || arriving || p.expect != 0:
		case p.phase == ending || believed && p.role != present:
			p.expect = f.delivered
			f.replace(p, 0)
		default:
			f.abandon(p)
		}
	}
	if s := f.stream; s != nil {
		for len(s.held) > 0 && s.held[0].ModifiedIndex() <= f.delivered {
			s.held = s.held[1:]
		}
	}
}
