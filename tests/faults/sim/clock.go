package sim

import "time"

// clock is the clock of a member. It is ahead of the true time by an amount that changes steadily between two
// bounds, as that of a clock that drifts and is corrected, or it jumps between them, as one that is set.
type clock struct {
	most   time.Duration // ahead or behind
	period time.Duration
	phase  time.Duration
	jumps  bool
}

func newClock(chance *Chance, most time.Duration) clock {
	period := chance.Between(time.Minute, 20*time.Minute)
	return clock{most, period, chance.Between(0, period), chance.Happens(0.6)}
}

// now returns what the clock shows.
func (c clock) now() time.Time { return time.Now().Add(c.ahead()) }

// ahead returns by how much it is ahead of the true time.
func (c clock) ahead() time.Duration {
	into := (time.Duration(time.Now().UnixNano()) + c.phase) % c.period
	share := 4*float64(into)/float64(c.period) - 1 // from -1 to 3
	if share > 1 {
		share = 2 - share
	}
	switch {
	case !c.jumps:
		return time.Duration(share * float64(c.most))
	case share < 0:
		return -c.most
	}
	return c.most
}
