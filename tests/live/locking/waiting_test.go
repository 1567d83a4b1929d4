package locking_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// attempt is a Lock under way.
type attempt struct {
	cancel context.CancelFunc
	done   chan struct{}
	lock   *locking.Lock
	err    error
	at     time.Time // when Lock returned
}

// begin lets a contender ask for the lock.
func begin(t *testing.T, mutex locking.Acquirer) *attempt {
	ctx, cancel := context.WithCancel(t.Context())
	a := &attempt{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.lock, a.err = mutex.Lock(ctx)
		a.at = time.Now()
	}()
	t.Cleanup(func() {
		cancel()
		<-a.done
	})
	return a
}

// held returns the lock when it is held.
func (a *attempt) held(t *testing.T) *locking.Lock {
	t.Helper()
	<-a.done
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a.lock
}

// waiting reports whether Lock has not returned.
func (a *attempt) waiting() bool {
	select {
	case <-a.done:
		return false
	default:
		return true
	}
}

// inLine waits until so many hold the lock or wait for it.
func inLine(t *testing.T, mutex interface {
	Queue(context.Context) ([]locking.Contender, error)
}, n int,
) []locking.Contender {
	t.Helper()
	var queue []locking.Contender
	live.Eventually(t, fmt.Sprintf("%d in line", n), func() bool {
		queue = live.Must[[]locking.Contender](t)(mutex.Queue(t.Context()))
		return len(queue) == n
	})
	return queue
}

func unlock(t *testing.T, lock *locking.Lock) {
	t.Helper()
	if err := lock.Unlock(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLockWaits(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		first := begin(t, mutex).held(t)
		second := begin(t, mutex)
		inLine(t, mutex, 2)
		third := begin(t, mutex)
		queue := inLine(t, mutex, 3)
		if queue[0].Key != first.Key() || !second.waiting() || !third.waiting() {
			t.Errorf("%v", queue)
		}
		unlock(t, first)
		lock := second.held(t)
		if lock.Token() <= first.Token() || lock.Key() != queue[1].Key {
			t.Errorf("token %d after %d", lock.Token(), first.Token())
		}
		unlock(t, lock)
		unlock(t, third.held(t))
		wantGone(t, s)
	})
}

func TestGivingUpInTheMiddleLetsTheOthersBe(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		holder := begin(t, mutex).held(t)
		middle := begin(t, mutex)
		inLine(t, mutex, 2)
		last := begin(t, mutex)
		inLine(t, mutex, 3)
		middle.cancel()
		<-middle.done
		if !errors.Is(middle.err, context.Canceled) {
			t.Error(middle.err)
		}
		inLine(t, mutex, 2)
		if !last.waiting() {
			t.Error("the last has the lock that the first holds")
		}
		unlock(t, holder)
		unlock(t, last.held(t))
		wantGone(t, s)
	})
}

func TestTryLock(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		lock := live.Must[*locking.Lock](t)(mutex.TryLock(t.Context()))
		if _, err := mutex.TryLock(t.Context()); !errors.Is(err, locking.ErrLocked) {
			t.Error(err)
		}
		inLine(t, mutex, 1)
		unlock(t, lock)
		wantGone(t, s)
	})
}

// Of those who try at the same moment, some make a key before they learn that they have lost.
func TestTryLocksAtOnce(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for range 10 {
			mutex := locking.NewMutex(s.Client, s.Dir)
			locks := make([]*locking.Lock, 8)
			var trying sync.WaitGroup
			for i := range locks {
				trying.Go(func() {
					lock, err := mutex.TryLock(t.Context())
					if err != nil && !errors.Is(err, locking.ErrLocked) {
						t.Error(err)
					}
					locks[i] = lock
				})
			}
			trying.Wait()
			held := 0
			for _, lock := range locks {
				if lock != nil {
					held++
					unlock(t, lock)
				}
			}
			if held > 1 {
				t.Errorf("%d locks", held)
			}
			wantGone(t, s)
		}
	})
}

func TestWaiterAndHolderOutliveTheirTTL(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithTTL(time.Second))
		holder := begin(t, mutex).held(t)
		waiter := begin(t, mutex)
		queue := inLine(t, mutex, 2)
		first := holder.Deadline()
		live.Eventually(t, "four TTLs", func() bool { return holder.Deadline().Sub(first) > 4*time.Second })
		if now := inLine(t, mutex, 2); now[1].Key != queue[1].Key || now[0].Key != queue[0].Key || !waiter.waiting() {
			t.Errorf("%v became %v", queue, now)
		}
		unlock(t, holder)
		unlock(t, waiter.held(t))
		wantGone(t, s)
	})
}

func TestWaiterWhoseKeyIsRemovedTakesANewPlace(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		holder := begin(t, mutex).held(t)
		waiter := begin(t, mutex)
		queue := inLine(t, mutex, 2)
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), queue[1].Key))
		live.Eventually(t, "a new key", func() bool {
			now := live.Must[[]locking.Contender](t)(mutex.Queue(t.Context()))
			return len(now) == 2 && now[1].Key != queue[1].Key
		})
		unlock(t, holder)
		unlock(t, waiter.held(t))
		wantGone(t, s)
	})
}

func TestOperatorRemovesTheDirectory(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		holder := begin(t, mutex).held(t)
		waiter := begin(t, mutex)
		inLine(t, mutex, 2)
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), s.Dir, etcd.WithRecursive()))
		<-holder.Context().Done()
		if cause := context.Cause(holder.Context()); !errors.Is(cause, locking.ErrLost) {
			t.Error(cause)
		}
		if err := holder.Unlock(t.Context()); !errors.Is(err, locking.ErrLost) {
			t.Errorf("unlock of what is lost: %v", err)
		}
		if lock := waiter.held(t); lock.Token() <= holder.Token() {
			t.Errorf("token %d after %d", lock.Token(), holder.Token())
		}
		unlock(t, waiter.lock)
		wantGone(t, s)
	})
}

func TestUnrelatedWritesDoNotDisturb(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		holder := begin(t, mutex).held(t)
		waiter := begin(t, mutex)
		queue := inLine(t, mutex, 2)
		flood := &witness.Flood{Endpoint: s.Endpoint, Dir: s.Dir + "-flood", Writers: 10, Sets: 500, Ledger: &witness.Ledger{}}
		if err := flood.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := inLine(t, mutex, 2); now[0].Key != queue[0].Key || now[1].Key != queue[1].Key {
			t.Errorf("%v became %v", queue, now)
		}
		unlock(t, holder)
		unlock(t, waiter.held(t))
		wantGone(t, s)
	})
}
