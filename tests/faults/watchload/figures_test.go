package watchload_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

// durations are sorted where they are shown.
type durations []time.Duration

func (d durations) sorted() durations {
	slices.Sort(d)
	return d
}

func (d durations) at(percent int) time.Duration { return d[(len(d)-1)*percent/100] }

func (d durations) String() string {
	return fmt.Sprintf("median %v, p99 %v, longest %v", round(d.at(50)), round(d.at(99)), round(d.at(100)))
}

// ratio compares with others.
func (d durations) ratio(others durations) string {
	times := func(percent int) float64 { return float64(d.at(percent)) / float64(others.at(percent)) }
	return fmt.Sprintf("%.2f times the median and %.2f times the p99 without watches", times(50), times(99))
}

func round(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

// cost is what the process has at one moment.
type cost struct {
	goroutines  int
	heap, stack uint64 // bytes in use
}

func footprint(t *testing.T) cost {
	t.Helper()
	var stats runtime.MemStats
	for range 2 { // what a pool holds goes with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return cost{runtime.NumGoroutine(), stats.HeapAlloc, stats.StackInuse}
}

// since tells what has come to each watch.
func (c cost) since(before cost, watches int) string {
	each := func(now, then uint64) float64 { return float64(int64(now-then)) / float64(watches) / 1024 }
	return fmt.Sprintf("%.1f goroutines, %.1f KiB of heap and %.1f KiB of stacks each",
		float64(c.goroutines-before.goroutines)/float64(watches), each(c.heap, before.heap), each(c.stack, before.stack))
}

// settle waits until nothing begins or ends any more: until there have been as many goroutines as now
// for longer than a poll that is let go of stays.
func settle(t *testing.T) {
	t.Helper()
	since, before := time.Now(), 0
	live.Eventually(t, "as many goroutines as before", func() bool {
		if now := runtime.NumGoroutine(); now != before {
			since, before = time.Now(), now
		}
		return time.Since(since) > 1500*time.Millisecond
	})
}
