package feed

import "time"

// What sharing costs and saves, in events: an event of a stream is the unit.
const (
	requestCost = 6    // of a poll, by the CPU time of the client; see docs/scale.md
	eventBytes  = 4096 // an event costs one more for each of these bytes

	// A poll is made again after so many changes of the store. If there are more in a second, the history would not
	// prove anything, and it is made again only after Config.PollTimeout.
	renewedAfter = 400

	balanceTime  = 5 * time.Second  // over which is counted
	wastefulTime = 10 * time.Minute // how long a directory has no feed after one that did not pay
	leastWaste   = 500              // events in that time that nobody minds
	mostApart    = 64               // subscribers that are let go to poll by themselves
)

// balance counts what a feed brings that no watch wants, and compares it with the polls that it saves.
type balance struct {
	since time.Time
	index uint64
	waste int
}

func (b *balance) begin(index uint64) { *b = balance{since: time.Now(), index: index} }

// counts records an event, and reports whether the subscribers had better poll by themselves.
func (b *balance) counts(e Event, wanted bool, subscribers int) (wasteful bool) {
	if !wanted {
		b.waste += 1 + e.Weight()/eventBytes
	}
	if time.Since(b.since) < balanceTime {
		return false
	}
	moved := int(e.ModifiedIndex() - min(b.index, e.ModifiedIndex()))
	renewals := moved / renewedAfter
	if float64(moved) > renewedAfter*time.Since(b.since).Seconds() {
		renewals = 1 // of some polls, by chance
	}
	saved := subscribers * requestCost * renewals
	wasteful = b.waste > leastWaste && b.waste > 2*saved && subscribers <= mostApart
	b.begin(e.ModifiedIndex())
	return wasteful
}
