package locking_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// Contenders of a semaphore that name another limit are told so, and nobody holds too many slots.
func TestSemaphoreNoticesAnotherLimit(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		two := begin(t, locking.NewSemaphore(s.Client, s.Dir, 2)).held(t)
		three := locking.NewSemaphore(s.Client, s.Dir, 3)
		_, locked := three.Lock(t.Context())
		_, tried := three.TryLock(t.Context())
		for _, err := range []error{locked, tried} {
			if !errors.Is(err, locking.ErrOtherLimit) || !strings.Contains(err.Error(), "2") || !strings.Contains(err.Error(), "3") {
				t.Errorf("it returned %v", err)
			}
		}
		unlock(t, two)
		wantGone(t, s)
	})
}

// The limit of a semaphore changes while its processes are restarted one by one: never more hold than any of
// them was promised.
func TestLimitOfASemaphoreChanges(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		old := locking.NewSemaphore(s.Client, s.Dir, 2)
		for _, limit := range []int{1, 3} {
			first, second := begin(t, old).held(t), begin(t, old).held(t)
			changed := begin(t, locking.NewSemaphore(s.Client, s.Dir, limit, locking.WithFormerLimit(2)))
			inLine(t, old, 3)
			behind := begin(t, old)
			inLine(t, old, 4)
			if !changed.waiting() || !behind.waiting() {
				t.Errorf("limit %d: more than two hold", limit)
			}
			unlock(t, first)
			if limit == 1 {
				// One slot of the old limit is free, but not of the new one.
				holders := live.Must[[]locking.Contender](t)(old.Holders(t.Context()))
				if len(holders) != 1 || !changed.waiting() || !behind.waiting() {
					t.Errorf("%d hold beside one that was promised to be alone", len(holders))
				}
			} else {
				unlock(t, changed.held(t))
				unlock(t, behind.held(t))
			}
			unlock(t, second)
			if limit == 1 {
				unlock(t, changed.held(t))
				unlock(t, behind.held(t))
			}
		}
		for range 3 {
			unlock(t, begin(t, locking.NewSemaphore(s.Client, s.Dir, 3)).held(t))
		}
		wantGone(t, s)
	})
}
