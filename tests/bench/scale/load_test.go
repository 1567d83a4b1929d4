package scale_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

// inParallel calls work for each number below count, at most atOnce at a time, and returns when all calls have
// returned.
func inParallel(count, atOnce int, work func(i int)) {
	var running sync.WaitGroup
	var next atomic.Int64
	for range atOnce {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	running.Wait()
}

// load is writes that go on beside a measurement.
type load struct {
	written atomic.Int64
	end     func() // returns when the last write has been answered
}

// unpaced is the rate of a load that writes as fast as it can.
const unpaced = -1

// begin writes rate times a second until end is called, or as fast as it can. Key returns the key of each write.
func begin(t *testing.T, endpoint string, rate int, key func(i int64) string) *load {
	t.Helper()
	const writers = 32
	ctx, stop := context.WithCancel(t.Context()) // ends the pauses: a write that has begun is counted
	client, l := live.Client(t, endpoint), &load{}
	var running sync.WaitGroup
	l.end = func() { stop(); running.Wait() }
	t.Cleanup(l.end)
	if rate == 0 {
		return l
	}
	var next atomic.Int64
	began := time.Now()
	for range writers {
		running.Go(func() {
			for ctx.Err() == nil {
				i := next.Add(1)
				if rate != unpaced && !until(ctx, began.Add(time.Duration(i)*time.Second/time.Duration(rate))) {
					return
				}
				if _, err := client.Set(t.Context(), key(i), fmt.Sprint(i)); err != nil {
					if t.Context().Err() == nil {
						t.Error(err)
					}
					return
				}
				l.written.Add(1)
			}
		})
	}
	return l
}

// elsewhere returns keys that nobody watches.
func elsewhere(i int64) string { return fmt.Sprintf("/elsewhere/%d", i%100) }

// until waits for a moment. It returns false if ctx ends before.
func until(ctx context.Context, moment time.Time) bool {
	timer := time.NewTimer(time.Until(moment))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// observe lets seconds pass, or in the short form a fifth of one, and returns how long that was.
func observe(t *testing.T, seconds int) time.Duration {
	t.Helper()
	began, length := time.Now(), 200*time.Millisecond
	if full() {
		length = time.Duration(seconds) * time.Second
	}
	until(t.Context(), began.Add(length))
	return time.Since(began)
}
