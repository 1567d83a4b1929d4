//go:build unix

package exclusion_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// event is something that a contender says has happened to it.
type event struct {
	Contender string
	Nth       int // of the contender's locks
	Kind      kind
	Shared    bool   // the contender is a reader
	Identity  string // see locking.WithIdentity
	Token     uint64
	At        time.Duration // by the machine's clock
	Until     time.Duration // of held: up to when the contender may believe itself to be the holder; of extended: at least so long
	Index     uint64        // of accepted: the modifiedIndex of the write; of deleted: of the deletion, 0 if unknown
}

type kind string

const (
	held      kind = "held"      // the contender holds the lock, or has looked and still does
	left      kind = "left"      // it has ceased to, or has learned that it is over
	released  kind = "released"  // it was told that it had the lock until At, when it called Unlock
	extending kind = "extending" // it calls Extend
	extended  kind = "extended"  // that has worked
	accepted  kind = "accepted"  // the register has taken its token
	refused   kind = "refused"   // the register has had a greater one
	deleted   kind = "deleted"   // an operator has deleted all contenders' keys, at some time from At to Until
	killed    kind = "killed"    // the contender was a process, and is dead
)

// history is what all contenders said.
type history struct {
	mu     sync.Mutex
	events []event
}

func (h *history) add(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

func (h *history) count(k kind) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.events {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// lastHeld returns the number in the name of the contender that was the last to say that it holds the lock.
func (h *history) lastHeld() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range slices.Backward(h.events) {
		if _, err := fmt.Sscanf(e.Contender, "goroutine %d", &n); err == nil && e.Kind == held {
			break
		}
	}
	return n
}

// tenure is the time in which a contender took itself for the holder.
type tenure struct {
	contender string
	shared    bool
	identity  string
	token     uint64
	from, to  time.Duration
	released  time.Duration // when it called an Unlock that worked; 0 for never
}

// succeeds reports whether t is the lock of other, taken over by a process of the same identity.
func (t tenure) succeeds(other tenure) bool {
	return t.identity != "" && t.identity == other.identity && t.token == other.token && t.from > other.from
}

// admits reports whether a tenure may begin while others last: what a kind of lock promises.
type admits func(others []tenure, t tenure) bool

func one(others []tenure, _ tenure) bool { return len(others) == 0 }

func readersOrOneWriter(others []tenure, t tenure) bool {
	return !slices.ContainsFunc(others, func(other tenure) bool { return !other.shared || !t.shared })
}

func upTo(limit int) admits {
	return func(others []tenure, _ tenure) bool { return len(others) < limit }
}

// seen returns the tenures so far.
func (h *history) seen() []tenure {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tenures()
}

// takenOver returns how many locks another process of the same identity has gone on with.
func (h *history) takenOver() int {
	all, n := h.seen(), 0
	for i, t := range all {
		if slices.ContainsFunc(all[:i], t.succeeds) {
			n++
		}
	}
	return n
}

// tenures returns them in the order in which they began. One that was not seen to end has ended when
// the contender last knew that it would: a stopped process believes nothing. The caller holds mu.
func (h *history) tenures() []tenure {
	last := map[lock]int{} // position of a contender's tenure
	var all []tenure
	for _, e := range h.events {
		key := e.lock()
		i, known := last[key]
		switch {
		case e.Kind == held && !known:
			last[key] = len(all)
			all = append(all, tenure{e.Contender, e.Shared, e.Identity, e.Token, e.At, e.Until, 0})
		case e.Kind == held:
			all[i].to = e.Until
		case e.Kind == left && known:
			all[i].to = min(all[i].to, e.At)
		case e.Kind == released && known:
			all[i].released = e.At
		}
	}
	for _, e := range h.events {
		switch e.Kind {
		case deleted:
			cut(all, e)
		case killed:
			bury(all, e)
		}
	}
	all = slices.DeleteFunc(all, func(t tenure) bool { return t.to <= t.from })
	slices.SortStableFunc(all, func(a, b tenure) int { return cmp.Compare(a.from, b.from) })
	return all
}

// lock is one that a contender has had.
type lock struct { // not as one text: "goroutine 1" with 413 is not "goroutine 14" with 13
	contender string
	nth       int
	token     uint64
}

func (e event) lock() lock { return lock{e.Contender, e.Nth, e.Token} }

// cut ends the tenures from which an operator has taken the lock. The holder learns of it a little
// later than the next in line, which no lock can prevent.
func cut(all []tenure, deletion event) {
	for i := range all {
		t := &all[i]
		gone := t.from < deletion.Until
		if deletion.Index != 0 {
			gone = t.token < deletion.Index // by its key, whenever the contender came to tell of it
		}
		if gone && t.to > deletion.At {
			t.to = deletion.At
		}
	}
}

// bury ends the tenures of a process that is dead, and believes nothing.
func bury(all []tenure, death event) {
	for i := range all {
		if t := &all[i]; t.contender == death.Contender {
			t.to = min(t.to, death.At)
		}
	}
}
