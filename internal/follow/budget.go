package follow

import "sync/atomic"

// Budget limits how many polls the watches that share it have open ahead of their bases, so that many watches
// that lag together do not take all connections of a server. A watch that gets no more continues with the poll
// from its base, which needs no budget. A nil Budget is unlimited.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a Budget for most polls.
func NewBudget(most int) *Budget {
	b := &Budget{}
	b.left.Store(int64(most))
	return b
}

// take reports whether another poll may be opened. If so, give must follow.
func (b *Budget) take() bool {
	if b == nil || b.left.Add(-1) >= 0 {
		return true
	}
	b.left.Add(1)
	return false
}

// give takes back what take has given.
func (b *Budget) give() {
	if b != nil {
		b.left.Add(1)
	}
}

// pollAhead opens a poll from an index ahead of the base, if the budget allows it.
func (f *follower) pollAhead(from uint64) bool {
	if !f.watch.Ahead.take() {
		return false
	}
	p := &poll{from: from}
	p.ahead.Store(true)
	f.send(p)
	f.polls = append(f.polls, p)
	return true
}

// giveBack gives back what p holds of the budget, if it has not been given back. It is called when the base has
// reached p, because p may then stay open for long, and when the request of p has ended.
func (f *follower) giveBack(p *poll) {
	if p.ahead.Swap(false) {
		f.watch.Ahead.give()
	}
}
