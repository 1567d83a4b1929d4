package scale_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

// someReads are reads of another client, which reads a key every few milliseconds. It is a process of its own, so
// that it waits for the server and not for the watches of the test's process.
type someReads struct {
	Took   durations
	Failed int64
}

// add adds others, and returns how many reads there are.
func (s *someReads) add(others someReads) int {
	s.Took, s.Failed = append(s.Took, others.Took...), s.Failed+others.Failed
	return len(s.Took)
}

// readOften reads, and tells of the reads since it was asked last.
func readOften(t *testing.T, task task) {
	ctx, stop := context.WithCancel(t.Context())
	client := live.Client(t, task.Endpoint)
	var mu sync.Mutex
	var since someReads
	var running sync.WaitGroup
	running.Go(func() {
		for until(ctx, time.Now().Add(5*time.Millisecond)) {
			began := time.Now()
			reading, cancel := context.WithTimeout(ctx, 3*time.Second)
			_, err := client.Get(reading, "/begin")
			cancel()
			mu.Lock()
			if err == nil {
				since.Took = append(since.Took, time.Since(began))
			} else if ctx.Err() == nil {
				since.Failed++
			}
			mu.Unlock()
		}
	})
	for asked() {
		mu.Lock()
		tell(t, since)
		since = someReads{}
		mu.Unlock()
	}
	stop()
	running.Wait()
}
