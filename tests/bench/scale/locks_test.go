package scale_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// One client holds many locks that nobody else wants.
func TestIdleLocks(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		const ttl, renewal = 30 * time.Second, 10 * time.Second
		g, count := newGauge(t, endpoint), size(20, 1000)
		locks, refused := take(t, live.Client(t, g.url), count, 8, ttl)
		if len(refused) > 0 {
			t.Fatal(refused[0])
		}
		observe(t, 10) // until each lock has been renewed
		g.reset()
		waited := observe(t, 120)
		needed := float64(count) / renewal.Seconds()
		t.Logf("scale: %d idle locks: %.1f requests a second", count, g.rate(waited))
		atMost(t, "connections", float64(g.most.Load()), 8)
		atMost(t, "requests a second, in ones of the renewals needed", g.rate(waited)/needed, 1.2)
		atMost(t, "locks lost", float64(len(lost(locks))), 0)
		release(locks)
	})
}

// A process wants all at once more locks than it may open files.
func TestLocksBeyondFiles(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		wanted := size(100, 2000)
		c := start(t, task{
			Work: "locks", Endpoint: endpoint, Count: wanted, Files: uint64(size(64, 256)), Seconds: size(5, 10),
		})
		got := ask[lockReport](t, c)
		t.Logf("scale: %d locks wanted, %d granted within %v", wanted, got.Granted, got.Took.Round(time.Millisecond))
		for reason, n := range got.Refused {
			t.Logf("scale: %d refused, for example: %s", n, reason)
		}
		atMost(t, "refused without the reason", float64(got.Unexplained), 0)
		lost := ask[[]string](t, c)
		atMost(t, "locks lost within 3 TTLs", float64(len(lost)), 0)
		if len(lost) > 0 {
			t.Logf("scale: for example: %s", lost[0])
		}
	})
}

// lockReport is what came of locks that a child wanted.
type lockReport struct {
	Granted     int
	Took        time.Duration
	Refused     map[string]int // one example of each kind of error
	Unexplained int            // refused for another reason than files
}

// limitedLocks takes locks, and tells after three times their TTL how many are lost.
func limitedLocks(t *testing.T, task task) {
	asked()
	ttl, began := time.Duration(task.Seconds)*time.Second, time.Now()
	locks, refused := take(t, live.Client(t, task.Endpoint), task.Count, task.Count, ttl)
	report := lockReport{Granted: len(locks), Took: time.Since(began), Refused: map[string]int{}}
	examples := map[bool]string{}
	for _, err := range refused {
		explained := errors.Is(err, syscall.EMFILE)
		if !explained {
			report.Unexplained++
		}
		if examples[explained] == "" {
			examples[explained] = err.Error()
		}
		report.Refused[examples[explained]]++
	}
	tell(t, report)
	asked()
	observe(t, 3*task.Seconds)
	tell(t, lost(locks))
	release(locks)
}

// take locks count mutexes, at most atOnce at a time. Each may take 30 seconds.
func take(t *testing.T, client *etcd.Client, count, atOnce int, ttl time.Duration) (locks []*locking.Lock, refused []error) {
	t.Helper()
	var mu sync.Mutex
	inParallel(count, atOnce, func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		lock, err := locking.NewMutex(client, fmt.Sprintf("/locks/%04d", i), locking.WithTTL(ttl)).Lock(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			refused = append(refused, err)
			return
		}
		locks = append(locks, lock)
	})
	return locks, refused
}

// lost returns why locks are lost, one text for each.
func lost(locks []*locking.Lock) (why []string) {
	for _, lock := range locks {
		if ctx := lock.Context(); ctx.Err() != nil {
			why = append(why, context.Cause(ctx).Error())
		}
	}
	return why
}

// release unlocks the locks. The server ends those that it cannot.
func release(locks []*locking.Lock) {
	inParallel(len(locks), 8, func(i int) { _ = locks[i].Unlock(context.Background()) })
}
