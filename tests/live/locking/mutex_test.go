package locking_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestLockHoldsAndUnlocks(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithValue("me"))
		lock := live.Must[*locking.Lock](t)(mutex.Lock(t.Context()))
		holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context()))
		if holder.Key != lock.Key() || holder.Token != lock.Token() || holder.Value != "me" || lock.Value() != "me" {
			t.Errorf("holder %+v, lock %s %d %q", holder, lock.Key(), lock.Token(), lock.Value())
		}
		if left := time.Until(lock.Deadline()); left <= 0 || left > locking.DefaultTTL {
			t.Errorf("deadline in %v", left)
		}
		if lock.Context().Err() != nil {
			t.Error("context ended while held")
		}
		if err := lock.Unlock(t.Context()); err != nil {
			t.Error(err)
		}
		if cause := context.Cause(lock.Context()); !errors.Is(cause, locking.ErrUnlocked) {
			t.Errorf("cause %v", cause)
		}
		if err := lock.Unlock(t.Context()); err != nil {
			t.Errorf("unlocked twice: %v", err)
		}
		wantGone(t, s)
	})
}

// wantGone checks that nothing of a lock is left, not even its directory.
func wantGone(t *testing.T, s live.Server) {
	t.Helper()
	if resp, err := s.Client.Get(t.Context(), s.Dir, etcd.WithQuorum()); !errors.Is(err, etcd.ErrKeyNotFound) {
		var keys []string
		if err == nil {
			for node := range resp.Node.Leaves() {
				keys = append(keys, node.Key+" "+node.Value)
			}
		}
		t.Errorf("left behind: %v %v", strings.Join(keys, ", "), err)
	}
}

func TestHolderOfNothing(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		if _, err := mutex.Holder(t.Context()); !errors.Is(err, locking.ErrNotHeld) {
			t.Error(err)
		}
		if queue, err := mutex.Queue(t.Context()); err != nil || len(queue) != 0 {
			t.Error(queue, err)
		}
	})
}

func TestLocksGoInTheOrderOfCreation(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const contenders, rounds = 8, 5
		var tokens []uint64
		var all sync.WaitGroup
		for range contenders {
			mutex := locking.NewMutex(live.Client(t, s.Endpoint), s.Dir)
			all.Go(func() {
				for range rounds {
					err := locking.Do(t.Context(), mutex, func(_ context.Context, lock *locking.Lock) error {
						tokens = append(tokens, lock.Token()) // -race checks the lock
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if len(tokens) != contenders*rounds {
			t.Errorf("%d acquisitions", len(tokens))
		}
		for i := 1; i < len(tokens); i++ {
			if tokens[i] <= tokens[i-1] {
				t.Errorf("token %d after %d", tokens[i], tokens[i-1])
			}
		}
		wantGone(t, s)
	})
}
