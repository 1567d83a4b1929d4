//go:build unix

package exclusion_test

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// event is something that a contender says has happened to it.
type event struct {
	Contender string
	Kind      kind
	Shared    bool // the contender is a reader
	Token     uint64
	At        time.Duration // by the machine's clock
	Until     time.Duration // of held: up to when the contender may believe itself to be the holder
	Index     uint64        // of accepted: the modifiedIndex of the write; of deleted: of the deletion, 0 if unknown
}

type kind string

const (
	held     kind = "held"     // the contender holds the lock, or has looked and still does
	left     kind = "left"     // it has ceased to, or has learned that it is over
	accepted kind = "accepted" // the register has taken its token
	refused  kind = "refused"  // the register has had a greater one
	deleted  kind = "deleted"  // an operator has deleted all contenders' keys, at some time from At to Until
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

// tenure is the time in which a contender took itself for the holder.
type tenure struct {
	contender string
	shared    bool
	token     uint64
	from, to  time.Duration
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

// tenures returns them in the order in which they began. One that was not seen to end has ended when
// the contender last knew that it would: a stopped process believes nothing. The caller holds mu.
func (h *history) tenures() []tenure {
	type lock struct { // not the two as one text: "goroutine 1" with 413 is not "goroutine 14" with 13
		contender string
		token     uint64
	}
	last := map[lock]int{} // position of a contender's tenure
	var all []tenure
	for _, e := range h.events {
		key := lock{e.Contender, e.Token}
		i, known := last[key]
		switch {
		case e.Kind == held && !known:
			last[key] = len(all)
			all = append(all, tenure{e.Contender, e.Shared, e.Token, e.At, e.Until})
		case e.Kind == held:
			all[i].to = e.Until
		case e.Kind == left && known:
			all[i].to = min(all[i].to, e.At)
		}
	}
	for _, e := range h.events {
		if e.Kind == deleted {
			cut(all, e)
		}
	}
	all = slices.DeleteFunc(all, func(t tenure) bool { return t.to <= t.from })
	slices.SortFunc(all, func(a, b tenure) int { return int(a.from - b.from) })
	return all
}

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

// violations returns what may not happen: tenures that overlap but are not admitted, tokens of holders
// that do not grow past those of all before whom they exclude, and accepted writes out of order.
func (h *history) violations(admitted admits) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	var before []tenure
	for _, t := range h.tenures() {
		last := func(other tenure) bool { return t.from < other.to }
		if others := filter(before, last); !admitted(others, t) {
			found = append(found, fmt.Sprintf("%s (token %d) held from %v, while %s (token %d) did until %v",
				t.contender, t.token, t.from, others[0].contender, others[0].token, others[0].to))
		}
		excluded := func(other tenure) bool { return !admitted([]tenure{other}, t) && other.token >= t.token }
		if greater := filter(before, excluded); len(greater) > 0 {
			found = append(found, fmt.Sprintf("%s got token %d after %s had %d", t.contender, t.token, greater[0].contender, greater[0].token))
		}
		before = append(before, t)
	}
	return append(found, h.disorder()...)
}

func filter(all []tenure, keep func(tenure) bool) []tenure {
	return slices.DeleteFunc(slices.Clone(all), func(t tenure) bool { return !keep(t) })
}

// disorder returns the accepted writes that came after one with a greater token.
func (h *history) disorder() []string {
	var writes []event
	for _, e := range h.events {
		if e.Kind == accepted {
			writes = append(writes, e)
		}
	}
	slices.SortFunc(writes, func(a, b event) int { return int(a.Index) - int(b.Index) })
	var found []string
	for i := 1; i < len(writes); i++ {
		if writes[i].Token < writes[i-1].Token {
			found = append(found, fmt.Sprintf("the register took token %d after %d", writes[i].Token, writes[i-1].Token))
		}
	}
	return found
}
