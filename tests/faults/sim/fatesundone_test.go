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

// undone reports whether what was applied then was undone while the call ran, by a restore that it could not notice. The
// copy was made while it ran, or not long before, since a member that lags may have told it the index; or the
// cluster began with nothing, and has come as far.
func (f *fateCheck) undone(c *ledgerCall, at time.Time) bool {
	return c.unique && slices.ContainsFunc(f.records, func(r *Record) bool {
		unnoticed := r.copied.IsZero() || r.copied.After(c.began.Add(-lagsMost))
		return unnoticed && r.begun.After(at) && r.begun.Before(c.ended)
	})
}

// lagsMost is for how long a member lags that is cut off from the others, almost always.
const lagsMost = 35 * time.Second
