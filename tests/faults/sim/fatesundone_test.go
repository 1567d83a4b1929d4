package sim

import (
	"slices"
	"time"
)

// undoneOf returns how many of the entries of a write were undone so. It could be applied again after that.
func (f *fateCheck) undoneOf(c *ledgerCall, applied []Applied) (n int) {
	for _, a := range applied {
		if f.undone(c, a.At) {
			n++
		}
	}
	f.w.Count("undone by a restore", n)
	return n
}

// undone reports whether what was applied then was undone while the call ran, by a restore that it could not notice: the
// cluster came as far again, in no lower raft term.
func (f *fateCheck) undone(c *ledgerCall, at time.Time) bool {
	if !c.unique {
		return false
	}
	index, term := f.known(c, at)
	return slices.ContainsFunc(f.records, func(r *Record) bool {
		if !r.begun.After(at) || !r.begun.Before(c.ended) {
			return false
		}
		nowIndex, nowTerm := r.Reached(c.ended)
		return nowIndex >= index && (nowTerm == 0 || nowTerm >= term)
	})
}

// known returns the point from which a call looks for its write that was applied then, or one before: the call may have
// learned the point while it ran, and a member that lags may have told it.
func (f *fateCheck) known(c *ledgerCall, applied time.Time) (index, term uint64) {
	for _, r := range f.records {
		thenIndex, thenTerm := r.Reached(c.began.Add(-lagsMost))
		switch {
		case !r.begun.After(c.began):
			index, term = thenIndex, thenTerm
		case !r.begun.After(applied):
			index, term = min(index, thenIndex), min(term, thenTerm)
		}
	}
	return index, term
}

// lagsMost is for how long a member lags that is cut off from the others, almost always.
const lagsMost = 35 * time.Second

// lastLook returns when the call has last looked for its value, or else when it ended. A late copy may be applied after that.
func (c *ledgerCall) lastLook() time.Time {
	if n := len(c.looked); n > 0 {
		return c.looked[n-1]
	}
	return c.ended
}
