package feed

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// What the ring of a feed holds at most: as many events as the server's history, and so many bytes.
const (
	mostEvents = 1000
	mostBytes  = 4 << 20
)

// progressInterval is how often subscribers that have not asked are told how far they have come.
const progressInterval = time.Second

// healing is by how many indexes a position may be proven ahead of the last event. Within it, a watch that
// leaves begins after the last event, so that its first poll would find what was missed; the server's history
// is sure to reach back so far.
const healing = 400

// Event is a change.
type Event interface {
	ModifiedIndex() uint64
	Key() string
	Removal() bool // a directory is gone, with all below it
	Weight() int   // approximate size in bytes
}

// Landmark is a change by which a history is recognized.
type Landmark interface {
	// Adds reports whether it is a later one than the other, which is not nil, as far as the two can be compared.
	Adds(to Landmark) bool

	// Before reports whether an event at a higher index can be one of the same history.
	Before(e Event) bool
}

// Feed is the watch of a directory that others share. The functions Deliver, Progress, Reopened and Pulse are
// for that watch.
type Feed struct {
	Dir     string
	Next    uint64          // where its watch begins
	Context context.Context // ends when there are no more subscribers
	Request chan struct{}   // a value asks its watch for progress

	hub  *Hub
	stop context.CancelFunc

	ring      []Event // the last events
	size      int     // their weight
	oldest    uint64  // the first index from which on the ring has everything
	delivered uint64  // index of the last event
	proven    uint64  // nothing up to it is still to come
	unsure    bool    // which history it follows, or, at first, whether its watch is served at all
	begun     bool    // it has been sure
	ended     bool
	waiting   []*Subscription // until it is sure
	known     Landmark        // the latest one of its subscribers; nil for none

	subscribers map[string][]*Subscription // by key
	count       int
	told        map[*Subscription]struct{} // those that want progress or pulse
	tellAt      time.Time                  // when they are to be told
	balance     balance
}

func newFeed(h *Hub, dir string, next uint64) *Feed {
	f := &Feed{
		Dir: dir, Next: next, Request: make(chan struct{}, 1), hub: h,
		oldest: next, delivered: next - 1, proven: next - 1, unsure: true,
		subscribers: map[string][]*Subscription{}, told: map[*Subscription]struct{}{},
	}
	f.Context, f.stop = context.WithCancel(context.Background())
	f.balance.begin(next)
	return f
}

// covers reports whether the feed has, or will have, everything from next on.
func (f *Feed) covers(next uint64) bool {
	return next >= f.oldest && next <= max(f.proven, f.hub.Seen())+1
}

// serves reports whether the feed has, or will have, everything for w from next on, of the same history as far as is known:
// the cluster may have been restored, and the feed not have noticed yet.
func (f *Feed) serves(w Watch, next uint64) bool {
	if !f.covers(next) {
		return false
	}
	for _, e := range slices.Backward(f.ring) {
		if e.ModifiedIndex() < next {
			break
		}
		if w.Known != nil && !w.Known.Before(e) {
			return false
		}
	}
	return true
}

// Deliver hands an event to the subscribers that it concerns.
func (f *Feed) Deliver(e Event) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.sure()
	f.delivered = max(f.delivered, e.ModifiedIndex())
	f.proven = max(f.proven, f.delivered)
	f.keep(e)
	concerned := f.concerned(e)
	for _, s := range concerned {
		f.hand(e, s)
	}
	if !f.ended && f.balance.counts(e, len(concerned) > 0, f.count) {
		f.fail(End{Retry: wastefulTime})
	}
}

// hand puts e into the queue of s. A subscriber without room for it leaves.
func (f *Feed) hand(e Event, s *Subscription) {
	if e.ModifiedIndex() >= cmp.Or(s.watch.Least, s.watch.Next) && !s.push(e) {
		f.dismiss(s, &Ended{Next: e.ModifiedIndex()})
	}
}

// keep puts e into the ring.
func (f *Feed) keep(e Event) {
	f.ring = append(f.ring, e)
	f.size += e.Weight()
	for len(f.ring) > mostEvents || f.size > mostBytes {
		f.oldest = max(f.oldest, f.ring[0].ModifiedIndex()+1)
		f.size -= f.ring[0].Weight()
		f.ring[0] = nil // so that it is not kept alive
		f.ring = f.ring[1:]
	}
}

// concerned returns the subscribers to whom e is to be handed.
func (f *Feed) concerned(e Event) (concerned []*Subscription) {
	key := e.Key()
	if e.Removal() {
		for _, all := range f.subscribers {
			for _, s := range all {
				if s.concerns(e) {
					concerned = append(concerned, s)
				}
			}
		}
		return concerned
	}
	concerned = append(concerned, f.subscribers[key]...)
	for dir := key; dir != f.Dir && below(dir, f.Dir); {
		dir = parent(dir)
		for _, s := range f.subscribers[dir] {
			if s.watch.Recursive {
				concerned = append(concerned, s)
			}
		}
	}
	return concerned
}

// Progress says that nothing up to index is still to come.
func (f *Feed) Progress(index uint64) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.sure()
	f.proven = max(f.proven, index)
	now := time.Now()
	due := !now.Before(f.tellAt)
	if due {
		f.tellAt = now.Add(progressInterval)
	}
	for s := range f.told {
		if due || s.asks && f.proven > s.askedAt {
			s.asks = false
			s.reached(f.proven)
		}
	}
}

// Opened says that a request of the feed's watch waits at a member. If it is the first one, the feed is sure.
func (f *Feed) Opened() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if !f.begun {
		f.sure()
	}
}

// sure says that the watch is served, and that the history is the one that the feed has followed.
func (f *Feed) sure() {
	switch {
	case !f.unsure:
		return
	case f.begun:
		f.forget()
	default:
		f.begun = true
		f.hub.gather(f.Dir)
	}
	f.unsure = false
	for _, s := range f.waiting {
		f.replay(s)
	}
	f.waiting = nil
}

// forget drops what the feed has from before an interruption. The history counts as the same if nothing contradicts that,
// and may be another one that has come further than anybody can compare. Those that have followed the feed then miss
// events, and are told so; who has begun since must get none of the history before.
func (f *Feed) forget() {
	f.ring, f.size, f.oldest = nil, 0, f.proven+1
	f.dismissWaiting()
}

// dismissWaiting takes out those that wait: they may be of another history than the feed.
func (f *Feed) dismissWaiting() {
	waiting := f.waiting
	f.waiting = nil
	for _, s := range waiting {
		f.dismiss(s, &Ended{Unsure: true})
	}
}

// Known returns the latest landmark that those have brought who have joined while the feed was sure; nil for none.
func (f *Feed) Known() Landmark {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return f.known
}

// Reopened says that a request of the feed's watch has failed. If it was the first one, the feed ends: what
// refuses the directory may serve the keys in it.
func (f *Feed) Reopened() {
	f.hub.mu.Lock()
	f.unsure = true
	if !f.begun && !f.ended {
		f.fail(End{Retry: RefusedTime})
	}
	f.hub.mu.Unlock()
	f.tell(func(w Watch) func() { return w.Reopened })
}

// Pulse says that the member lives that the feed's watch waits on.
func (f *Feed) Pulse() { f.tell(func(w Watch) func() { return w.Pulse }) }

// tell calls a function of each subscriber that has it, without the lock: it may be that of another feed.
func (f *Feed) tell(function func(Watch) func()) {
	f.hub.mu.Lock()
	var all []func()
	for s := range f.told {
		if call := function(s.watch); call != nil {
			all = append(all, call)
		}
	}
	f.hub.mu.Unlock()
	for _, call := range all {
		call()
	}
}

// admit makes w a subscriber.
func (f *Feed) admit(w Watch) *Subscription {
	s := &Subscription{watch: w, feed: f, filled: make(chan struct{}, 1)}
	f.subscribers[w.Key] = append(f.subscribers[w.Key], s)
	f.count++
	if w.Progress || w.Pulse != nil {
		f.told[s] = struct{}{}
	}
	if f.unsure {
		f.waiting = append(f.waiting, s)
	} else {
		f.replay(s)
	}
	return s
}

// replay hands s what the ring has for it. What s knows of the history, the feed does not know if nothing has happened since
// it began.
func (f *Feed) replay(s *Subscription) {
	if known := s.watch.Known; known != nil && (f.known == nil || known.Adds(f.known)) {
		f.known = known
	}
	for _, e := range f.ring {
		if s.concerns(e) {
			f.hand(e, s)
		}
	}
	if s.watch.Progress {
		s.reached(f.proven)
	}
}

// position returns the first index that a subscriber wants that leaves now.
func (f *Feed) position() uint64 {
	if f.proven-f.delivered < healing {
		return f.delivered + 1
	}
	return f.proven + 1
}

// dismiss takes s out of the feed. When few are left, the feed ends, and they join again.
func (f *Feed) dismiss(s *Subscription, why *Ended) {
	others := f.subscribers[s.watch.Key]
	for i := range others {
		if others[i] != s {
			continue
		}
		f.count--
		delete(f.told, s)
		if others = append(others[:i:i], others[i+1:]...); len(others) > 0 {
			f.subscribers[s.watch.Key] = others
		} else {
			delete(f.subscribers, s.watch.Key)
		}
		why.Next = max(why.Next, s.watch.Next)
		s.end(why)
		break
	}
	if few := !f.unsure && f.count < f.hub.Limit/4; !f.ended && (few || f.count == 0) {
		f.fail(End{})
	}
}

// dismissAll takes all subscribers out of the feed, which has ended.
func (f *Feed) dismissAll(how End) {
	f.dismissWaiting()
	why := Ended{Next: f.position(), Err: how.Err, Unsure: f.unsure}
	if how.Err != nil {
		why.Next = how.After + 1
	}
	if len(f.ring) > 0 {
		why.Last = f.ring[len(f.ring)-1]
	}
	for _, all := range f.subscribers {
		for _, s := range slices.Clone(all) {
			ended := why
			if s.watch.Next > why.Next { // it began behind what the feed has come to, and has lost nothing
				ended = Ended{Unsure: f.unsure}
			}
			f.dismiss(s, &ended)
		}
	}
}

// remove makes the hub forget the feed, and ends its watch.
func (f *Feed) remove() {
	f.ended = true
	f.stop()
	f.hub.at(f.Dir).feed = nil
	f.hub.count(f.Dir, true)
	f.hub.tidy(f.Dir)
}

// End is how the watch of a feed has ended.
type End struct {
	Err   error         // what ends its subscribers, too; nil if they are to join again
	After uint64        // up to which every event was delivered; only with Err
	Retry time.Duration // how long the directory has no other feed
}

// end ends the feed because its watch has ended.
func (f *Feed) end(how End) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if !f.ended {
		f.fail(how)
	}
}

func (f *Feed) fail(how End) {
	f.remove()
	if how.Retry > 0 {
		f.hub.at(f.Dir).retry = time.Now().Add(how.Retry)
	}
	f.dismissAll(how)
}
