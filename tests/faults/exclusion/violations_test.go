//go:build unix

package exclusion_test

import (
	"fmt"
	"slices"
	"time"
)

// violations returns what may not happen: tenures that overlap but are not admitted, tokens of holders
// that do not grow past those of all before whom they exclude, locks that were unlocked after another had
// held them, holders that went on after a process of their identity, extensions that did not last, and
// accepted writes out of order.
func (h *history) violations(admitted admits) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.tenures()
	found := append(unnoticed(all, admitted), outlived(all)...)
	found = append(found, overlaps(all, admitted)...)
	found = append(found, h.undone()...)
	return append(found, h.disorder()...)
}

// overlaps returns the tenures that lasted beside another, or got a token that is not greater. It ends those
// that were taken over: the next in line may begin a moment before such a holder learns of it.
func overlaps(all []tenure, admitted admits) []string {
	var found []string
	var before []tenure
	for _, t := range all {
		for i := range before {
			if t.succeeds(before[i]) {
				before[i].to = min(before[i].to, t.from)
			}
		}
		lasts := func(other tenure) bool { return t.from < other.to }
		if others := filter(before, lasts); !admitted(others, t) {
			found = append(found, fmt.Sprintf("%s (token %d) held from %v, while %s (token %d) did until %v",
				t.contender, t.token, t.from, others[0].contender, others[0].token, others[0].to))
		}
		excluded := func(other tenure) bool {
			return !admitted([]tenure{other}, t) && other.token >= t.token && !t.succeeds(other)
		}
		if greater := filter(before, excluded); len(greater) > 0 {
			found = append(found, fmt.Sprintf("%s got token %d after %s had %d", t.contender, t.token, greater[0].contender, greater[0].token))
		}
		before = append(before, t)
	}
	return found
}

// unnoticed returns the locks whose Unlock worked though another had held in between.
func unnoticed(all []tenure, admitted admits) []string {
	var found []string
	for i, t := range all {
		for _, other := range all[i+1:] {
			if t.released != 0 && other.from < t.released && !admitted([]tenure{t}, other) {
				found = append(found, fmt.Sprintf("%s (token %d) unlocked at %v without an error, though %s (token %d) held from %v",
					t.contender, t.token, t.released, other.contender, other.token, other.from))
			}
		}
	}
	return found
}

// outlived returns the holders that went on after a process of their identity had taken over. Until they learn
// of it they may, but they cannot keep the lock alive.
func outlived(all []tenure) []string {
	var found []string
	for i, t := range all {
		for _, other := range all[i+1:] {
			if other.succeeds(t) && t.to != forever && t.to > other.from+longest {
				found = append(found, fmt.Sprintf("%s (token %d) went on until %v, though %s took over at %v",
					t.contender, t.token, t.to, other.contender, other.from))
			}
		}
	}
	return found
}

// undone returns the extensions that did not last until the next.
func (h *history) undone() []string {
	var found []string
	promised := map[lock]time.Duration{}
	for _, e := range h.events {
		switch key := e.lock(); e.Kind {
		case extending:
			delete(promised, key)
		case extended:
			promised[key] = e.Until
		case held:
			if e.Until < promised[key] {
				found = append(found, fmt.Sprintf("%s (token %d) was extended to %v, and at %v only held until %v",
					e.Contender, e.Token, promised[key], e.At, e.Until))
			}
		}
	}
	return found
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
