package locking_test

import (
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// A Locker excludes goroutines from each other, whatever it is made of.
func TestLockerExcludes(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		rw := locking.NewRWMutex(s.Client, s.Dir+"/rw")
		for name, mutex := range map[string]locking.Acquirer{
			"mutex": locking.NewMutex(s.Client, s.Dir+"/m"), "readers": rw.RLocker(), "slots": locking.NewSemaphore(s.Client, s.Dir+"/s", 3),
		} {
			locker := locking.NewLocker(t.Context(), mutex)
			count := 0 // -race finds two at a time
			var all sync.WaitGroup
			for range 6 {
				all.Go(func() {
					locker.Lock()
					defer locker.Unlock()
					count++
				})
			}
			all.Wait()
			if count != 6 {
				t.Errorf("%s: %d", name, count)
			}
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("Unlock without Lock did not panic")
				}
			}()
			locking.NewLocker(t.Context(), rw).Unlock()
		}()
		if holders := live.Must[[]locking.Contender](t)(rw.Holders(t.Context())); len(holders) > 0 {
			t.Errorf("held after all Unlocks: %v", holders)
		}
	})
}

// Who has lost the lock does not free that of the next one.
func TestLockerDoesNotFreeTheNextOnesLock(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		locker := locking.NewLocker(t.Context(), mutex)
		locker.Lock()
		lost := live.Must[locking.Contender](t)(mutex.Holder(t.Context()))
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), lost.Key))
		locker.Lock() // as another goroutine
		now := live.Must[locking.Contender](t)(mutex.Holder(t.Context()))
		locker.Unlock() // by who has lost it
		if holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context())); holder.Token != now.Token {
			t.Errorf("it is held by %d, not %d", holder.Token, now.Token)
		}
		locker.Unlock()
		wantGone(t, s)
	})
}
