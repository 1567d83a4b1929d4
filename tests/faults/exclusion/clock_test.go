//go:build unix

package exclusion_test

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// now returns the machine's monotonic clock, which is the same for all processes.
func now() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// forever is later than the end of any run.
const forever = time.Duration(math.MaxInt64 / 2)

// The same moment on both clocks, or a little earlier on the machine's.
var (
	beganAt = now()
	began   = time.Now()
)

// onClock returns the moment of t on the machine's clock, or a little before it: the same little for all moments.
func onClock(t time.Time) time.Duration { return beganAt + t.Sub(began) }
