package locking_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestRWMutexIsFair(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		rw := locking.NewRWMutex(s.Client, s.Dir)
		one, two := begin(t, rw.RLocker()).held(t), begin(t, rw.RLocker()).held(t)
		writer := begin(t, rw)
		inLine(t, rw, 3)
		late := begin(t, rw.RLocker())
		inLine(t, rw, 4)
		if _, err := rw.TryRLock(t.Context()); !errors.Is(err, locking.ErrLocked) {
			t.Errorf("a reader came before the writer that waits: %v", err)
		}
		if holders := live.Must[[]locking.Contender](t)(rw.Holders(t.Context())); len(holders) != 2 || !holders[0].Shared {
			t.Errorf("%+v", holders)
		}
		unlock(t, one)
		if !writer.waiting() || !late.waiting() {
			t.Error("a writer beside a reader")
		}
		unlock(t, two)
		lock := writer.held(t)
		if holders := live.Must[[]locking.Contender](t)(rw.Holders(t.Context())); len(holders) != 1 || holders[0].Key != lock.Key() {
			t.Errorf("%+v", holders)
		}
		if !late.waiting() {
			t.Error("a reader beside a writer")
		}
		unlock(t, lock)
		reader := late.held(t)
		if _, err := rw.TryLock(t.Context()); !errors.Is(err, locking.ErrLocked) {
			t.Error(err)
		}
		unlock(t, live.Must[*locking.Lock](t)(rw.TryRLock(t.Context())))
		unlock(t, reader)
		unlock(t, live.Must[*locking.Lock](t)(rw.TryLock(t.Context())))
		wantGone(t, s)
	})
}

// gauge counts who is inside, and remembers the most.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) inside() (leave func()) {
	n := g.now.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); most = g.most.Load() {
	}
	return func() { g.now.Add(-1) }
}

func TestRWMutexExcludes(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		rw := locking.NewRWMutex(s.Client, s.Dir)
		shared := 0 // -race checks who comes near it
		var readers, writers gauge
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				for range 5 {
					if i%3 == 0 {
						check(t, locking.Do(t.Context(), rw, func(context.Context, *locking.Lock) error {
							defer writers.inside()()
							shared++
							return nil
						}))
						continue
					}
					check(t, locking.Do(t.Context(), rw.RLocker(), func(context.Context, *locking.Lock) error {
						defer readers.inside()()
						_ = shared
						return nil
					}))
				}
			})
		}
		all.Wait()
		if writers.most.Load() != 1 || shared != 20 {
			t.Errorf("%d writers at once, %d writes", writers.most.Load(), shared)
		}
		t.Logf("%d readers at once", readers.most.Load())
		wantGone(t, s)
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestSemaphore(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		semaphore := locking.NewSemaphore(s.Client, s.Dir, 3)
		var inside gauge
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				for range 5 {
					check(t, locking.Do(t.Context(), semaphore, func(context.Context, *locking.Lock) error {
						defer inside.inside()()
						return nil
					}))
				}
			})
		}
		all.Wait()
		if inside.most.Load() > 3 {
			t.Errorf("%d at once", inside.most.Load())
		}
		wantGone(t, s)
	})
}

// A slot that becomes free is used by the first who waits, though the others in line watch each
// other and not the slots, in whatever order the holders go.
func TestSemaphoreLeavesNoSlotUnused(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const limit = 3
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
			semaphore := locking.NewSemaphore(s.Client, s.Dir, limit)
			var attempts []*attempt
			for i := range 3 * limit {
				attempts = append(attempts, begin(t, semaphore))
				inLine(t, semaphore, i+1)
			}
			for wave := range 3 {
				var locks []*locking.Lock
				for _, a := range attempts[wave*limit : (wave+1)*limit] {
					locks = append(locks, a.held(t))
				}
				if _, err := semaphore.TryLock(t.Context()); !errors.Is(err, locking.ErrLocked) {
					t.Error(err)
				}
				holders := live.Must[[]locking.Contender](t)(semaphore.Holders(t.Context()))
				if len(holders) != limit {
					t.Errorf("%+v", holders)
				}
				for i, leaves := range order {
					unlock(t, locks[leaves])
					if next := (wave+1)*limit + i; next < len(attempts) {
						attempts[next].held(t)
					}
				}
			}
			wantGone(t, s)
		}
	})
}

func TestDo(t *testing.T) {
	s := live.Latest(t)
	mutex := locking.NewMutex(s.Client, s.Dir)
	failure := errors.New("of the work")
	if err := locking.Do(t.Context(), mutex, func(context.Context, *locking.Lock) error { return failure }); !errors.Is(err, failure) {
		t.Error(err)
	}
	err := locking.Do(t.Context(), mutex, func(ctx context.Context, lock *locking.Lock) error {
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), lock.Key()))
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), locking.ErrLost) {
			t.Error(context.Cause(ctx))
		}
		return nil
	})
	if !errors.Is(err, locking.ErrLost) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() != "panic" {
				t.Error("the panic was swallowed")
			}
		}()
		_ = locking.Do(t.Context(), mutex, func(context.Context, *locking.Lock) error { panic("panic") })
	}()
	wantGone(t, s)
}

func TestObserveSeesEveryHolder(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const contenders, rounds = 6, 5
		mutex := locking.NewMutex(s.Client, s.Dir)
		var seen, held []uint64
		observed, began := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(observed)
			for holder, err := range mutex.Observe(t.Context()) {
				check(t, err)
				if seen = append(seen, holder.Token); len(seen) == 1 {
					close(began)
				}
				if holder.Value == "last" || err != nil {
					return
				}
			}
		}()
		<-began
		var all sync.WaitGroup
		for range contenders {
			all.Go(func() {
				for range rounds {
					check(t, locking.Do(t.Context(), mutex, func(_ context.Context, lock *locking.Lock) error {
						held = append(held, lock.Token())
						return nil
					}))
				}
			})
		}
		all.Wait()
		last := begin(t, locking.NewMutex(s.Client, s.Dir, locking.WithValue("last"))).held(t)
		<-observed
		unlock(t, last)
		seen = slices.DeleteFunc(seen, func(token uint64) bool { return token == 0 })
		if held = append(held, last.Token()); !slices.Equal(seen, held) {
			t.Errorf("seen %v, held %v", seen, held)
		}
	})
}
