package scale_test

import (
	"fmt"
	"slices"
	"time"
)

// durations are sorted where they are shown.
type durations []time.Duration

func (d durations) sorted() durations {
	slices.Sort(d)
	return d
}

func (d durations) at(percent int) time.Duration { return d[(len(d)-1)*percent/100] }

func (d durations) String() string {
	round := func(d time.Duration) time.Duration { return d.Round(time.Microsecond) }
	return fmt.Sprintf("median %v, p99 %v, longest %v", round(d.at(50)), round(d.at(99)), round(d.at(100)))
}
