package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// TestMutex: one holder at a time, whose tokens grow, and that learns in time that it has lost the lock.
func TestMutex(t *testing.T) {
	const ttl = 5 * time.Second
	run(t, "mutex", Options{Drift: ttl / 10, Every: time.Second, Longest: 15 * time.Second, Whole: 0.7}, func(w *World) {
		guard := &guard{w: w}
		for i := range 6 {
			name := fmt.Sprintf("c%d", i)
			client, chance := w.Client(name, etcd.Config{}), w.Chance(name)
			mutex := locking.NewMutex(client, "/locks/x", locking.WithTTL(ttl), locking.WithValue(name))
			w.Go(func(ctx context.Context) {
				for ctx.Err() == nil {
					guard.tenure(ctx, name, mutex, chance)
				}
			})
		}
		w.Disturb()
		guard.everyoneGetsIn(6)
	})
}

// guard is the resource that a lock guards.
type guard struct {
	w *World

	mu     sync.Mutex
	inside map[string]uint64 // tokens of the holders
	token  uint64            // of the last holder
	got    map[string]int
}

// tenure takes the lock, holds it for a while, and gives it back.
func (g *guard) tenure(ctx context.Context, name string, mutex *locking.Mutex, chance *Chance) {
	lock, err := mutex.Lock(ctx)
	if err != nil {
		if ctx.Err() == nil {
			g.w.Count("locks failed", 1)
			pause(ctx, chance.About(time.Second))
		}
		return
	}
	g.enter(name, lock.Token())
	hold := chance.About(time.Second)
	if chance.Happens(0.2) {
		hold = chance.Between(0, 20*time.Second)
	}
	if !pause(lock.Context(), hold) {
		g.w.Count("lost", 1)
	}
	g.leave(name)
	if err := lock.Unlock(context.WithoutCancel(ctx)); err != nil && !errors.Is(err, locking.ErrLost) {
		g.w.Count("unlocks failed", 1)
	}
	pause(ctx, chance.About(100*time.Millisecond))
}

func (g *guard) enter(name string, token uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.got == nil {
		g.inside, g.got = map[string]uint64{}, map[string]int{}
	}
	if len(g.inside) > 0 {
		g.w.Errorf("%v: %s gets in with token %d beside %v", time.Now(), name, token, g.inside)
	}
	if token <= g.token {
		g.w.Errorf("%v: %s has token %d after %d", time.Now(), name, token, g.token)
	}
	g.inside[name], g.token = token, token
	g.got[name]++
	g.w.Count("tenures", 1)
}

func (g *guard) leave(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.inside, name)
}

// everyoneGetsIn checks that each of n contenders gets the lock in a cluster without faults.
func (g *guard) everyoneGetsIn(n int) {
	g.mu.Lock()
	g.got = map[string]int{}
	g.mu.Unlock()
	limit := time.Now().Add(5 * time.Minute)
	for time.Now().Before(limit) {
		time.Sleep(time.Second)
		g.mu.Lock()
		got := len(g.got)
		g.mu.Unlock()
		if got == n {
			return
		}
	}
	g.w.Errorf("five minutes after the last fault only %v got the lock", g.got)
}

// pause waits, and returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
