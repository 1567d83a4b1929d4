package bench

import (
	"context"
	"testing"
	"time"

	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// handOvers returns how long after each Unlock began the next in line held the lock. Two clients take turns, and
// the one waits before the other unlocks.
func handOvers(tb testing.TB, n int, endpoint string) ([]time.Duration, error) {
	const name = "/handover"
	var contenders [2]*locking.Mutex
	for i := range contenders {
		contenders[i] = locking.NewMutex(live.Client(tb, endpoint), name)
	}
	lock, err := contenders[0].Lock(tb.Context())
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range n {
		next := waitFor(tb.Context(), contenders[(i+1)%2])
		live.Eventually(tb, "the other waits", func() bool {
			queue, err := contenders[0].Queue(tb.Context())
			return err == nil && len(queue) == 2
		})
		began := time.Now()
		if err := lock.Unlock(tb.Context()); err != nil {
			return nil, err
		}
		got := <-next
		if got.err != nil {
			return nil, got.err
		}
		lock = got.lock
		took = append(took, got.at.Sub(began))
	}
	return took, lock.Unlock(tb.Context())
}

// grant is what came of waiting for a lock.
type grant struct {
	lock *locking.Lock
	at   time.Time
	err  error
}

func waitFor(ctx context.Context, m *locking.Mutex) <-chan grant {
	granted := make(chan grant, 1)
	go func() {
		lock, err := m.Lock(ctx)
		granted <- grant{lock, time.Now(), err}
	}()
	return granted
}
