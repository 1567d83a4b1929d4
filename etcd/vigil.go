package etcd

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// vigil watches over the members on which polls wait. A poll's own connection is silent for as long
// as nothing changes, which looks the same when its member hangs, has lost the cluster, cannot be
// reached, or has skipped changes; so the member is asked other things meanwhile. The same few
// questions serve all watches of a client.
type vigil struct {
	cluster  *cluster
	interval time.Duration // of questions; negative for none

	mu      sync.Mutex
	watches int // that run
	closed  bool
	life    context.Context // of the questions: as long as watches run
	stop    context.CancelFunc
	members map[*member]*waiting
}

// waiting is what waits on a member.
type waiting struct {
	polls  map[*limit]*waitingPoll
	weak   bool               // the member did not answer last time
	index  uint64             // the last it was seen to have reached
	leapt  uint64             // where its last leap began
	canary context.CancelFunc // ends its canary
}

type waitingPoll struct {
	sign    func(vouches bool) // to be called at a sign of life, or nil
	since   uint64             // the member's index when the poll arrived there; 0 before
	arrived time.Time          // when it was sent or, then, its header came
}

// errMayHaveMissed ends polls that may have missed events, so that they are made again: those look
// into the history.
var errMayHaveMissed = errors.New("the member may have skipped events")

// fresh is how long after a poll was sent, or its header came, it takes the place of a question: while
// polls bring one event after the other, their member is not asked beside them.
func (v *vigil) fresh() time.Duration { return v.interval / 10 }

// patience is how long a member may take to answer. One that hangs right behind a fresh header has
// been left two intervals later even so.
func (v *vigil) patience() time.Duration { return v.interval - v.fresh() }

// keep makes the vigil last until the returned function is called.
func (v *vigil) keep() (release func()) {
	if v.interval < 0 {
		return func() {}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return func() {}
	}
	if v.watches++; v.watches == 1 {
		v.members = map[*member]*waiting{}
		v.life, v.stop = context.WithCancel(v.cluster.life)
		life := v.life
		v.cluster.background.Go(func() { v.beat(life) })
	}
	return v.release
}

func (v *vigil) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.watches--; v.watches == 0 {
		v.stop()
	}
}

// close lets no further vigil begin.
func (v *vigil) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
}

// join makes the poll that l limits wait on m: ended when m fails.
func (v *vigil) join(m *member, l *limit) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.watches == 0 || v.closed {
		return
	}
	w := v.members[m]
	if w == nil {
		life, cancel := context.WithCancel(v.life)
		w = &waiting{polls: map[*limit]*waitingPoll{}, canary: cancel}
		v.members[m] = w
		v.cluster.background.Go(func() { v.canary(life, m) })
	}
	sign, _ := l.ctx.Value(signKey{}).(func(bool))
	w.polls[l] = &waitingPoll{sign: sign, arrived: time.Now()}
	l.over, l.leave = m, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(w.polls, l)
	}
}

// signKey is the key of the function, in a poll's context, that is told of its member's signs of
// life, and whether one is an answer to what was asked after the poll had been sent and registered.
type signKey struct{}

// beat asks the members until ctx ends.
func (v *vigil) beat(ctx context.Context) {
	tick := time.NewTicker(v.interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		var asked sync.WaitGroup
		for _, m := range v.toAsk() {
			asked.Go(func() { v.ask(ctx, m) })
			asked.Go(func() { v.sound(ctx, m) })
		}
		asked.Wait()
	}
}

// toAsk returns the members on which polls have waited for a while, and forgets those on which none waits.
func (v *vigil) toAsk() []*member {
	v.mu.Lock()
	defer v.mu.Unlock()
	fresh := time.Now().Add(-v.fresh())
	var members []*member
	for m, w := range v.members {
		if len(w.polls) == 0 {
			w.canary()
			delete(v.members, m)
			continue
		}
		if w.weak || w.hasPollBefore(fresh) {
			members = append(members, m)
		}
	}
	return members
}

// hasPollBefore reports whether a poll waits that arrived before a time.
func (w *waiting) hasPollBefore(t time.Time) bool {
	for _, p := range w.polls {
		if p.arrived.Before(t) {
			return true
		}
	}
	return false
}

// ask asks m who leads: a question of little work, without credentials, which every member
// answers by itself, with 503 when it has lost the others. It matters only that it is no 5xx.
func (v *vigil) ask(ctx context.Context, m *member) {
	asked := time.Now()
	_, err := v.cluster.inquire(ctx, m, http.MethodGet, "/v2/members/leader", v.patience())
	var reply *Error
	switch {
	case ctx.Err() != nil:
	case err == nil || errors.As(err, &reply) && reply.StatusCode < 500:
		v.cluster.trust(m)
		v.strong(m, asked)
	default:
		v.cluster.blame(m, err)
		v.weak(m, err)
	}
}

// weak ends the polls on m, if they have not been already: polls that begin while it is weak, for
// want of a better member, stay.
func (v *vigil) weak(m *member, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if w := v.members[m]; w != nil && !w.weak {
		w.weak = true
		for l := range w.polls {
			l.cancel(&weakMember{err})
		}
	}
}

// strong ends polls that began while m was weak, and tells the others that it lives: it has answered
// what it was asked at a time.
func (v *vigil) strong(m *member, asked time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	w := v.members[m]
	if w == nil {
		return
	}
	for l, p := range w.polls {
		switch {
		case w.weak:
			l.cancel(errMayHaveMissed)
		case p.sign != nil:
			p.sign(!asked.Before(p.arrived))
		}
	}
	w.weak = false
}

// weakMember ends polls. It does not unwrap to err, which can be an *Error: that is no answer to a poll.
type weakMember struct{ err error }

func (e *weakMember) Error() string { return "the member does not serve: " + e.err.Error() }
