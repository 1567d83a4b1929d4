//go:build unix

package exclusion_test

import (
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
