package legacy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
)

// In-order keys have no zeros before their numbers, so 10 comes before 9 in the order of their names. The
// line is in the order in which they came.
func TestMutexLetsInWhoCameFirst(t *testing.T) {
	eachWay(t, func(t *testing.T, c *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		c.Write("/other", 90) // up to the index 99 and beyond
		first := live.Must[*locking.Lock](t)(locking.NewMutex(client, "m", locking.WithValue("first")).Lock(ctx))
		var order []string
		var running sync.WaitGroup
		for i := range 12 {
			mutex := locking.NewMutex(client, "m", locking.WithValue(fmt.Sprint(i)))
			running.Go(func() {
				err := locking.Do(ctx, mutex, func(context.Context, *locking.Lock) error {
					order = append(order, fmt.Sprint(i)) // the lock is what guards it
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
			live.Eventually(t, "it stands in line", func() bool {
				queue := live.Must[[]locking.Contender](t)(mutex.Queue(ctx))
				return len(queue) == i+2 && queue[i+1].Value == fmt.Sprint(i)
			})
		}
		if holder := live.Must[locking.Contender](t)(locking.NewMutex(client, "m").Holder(ctx)); holder.Value != "first" {
			t.Errorf("held by %+v", holder)
		}
		if err := first.Unlock(ctx); err != nil {
			t.Error(err)
		}
		running.Wait()
		if got := fmt.Sprint(order); got != "[0 1 2 3 4 5 6 7 8 9 10 11]" {
			t.Errorf("let in in the order %s", got)
		}
	})
}

func TestRWMutexAndSemaphore(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		rw, semaphore := locking.NewRWMutex(client, "rw"), locking.NewSemaphore(client, "s", 2)
		for name, lock := range map[string]func(context.Context) (*locking.Lock, error){"read": rw.RLock, "semaphore": semaphore.Lock} {
			one, two := live.Must[*locking.Lock](t)(lock(ctx)), live.Must[*locking.Lock](t)(lock(ctx))
			for _, held := range []*locking.Lock{one, two} {
				if err := held.Unlock(ctx); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		held := live.Must[*locking.Lock](t)(rw.Lock(ctx))
		if _, err := rw.TryRLock(ctx); !errors.Is(err, locking.ErrLocked) {
			t.Errorf("read while it is written: %v", err)
		}
		if err := held.Unlock(ctx); err != nil {
			t.Error(err)
		}
	})
}

// A lock is renewed, and lives on, while leaders change.
func TestLockOutlivesLeaders(t *testing.T) {
	c := legacy.Start(t, 3)
	client, ctx := live.Client(t, c.Endpoints()...), soon(t)
	lock := live.Must[*locking.Lock](t)(locking.NewMutex(client, "m", locking.WithTTL(3*time.Second)).Lock(ctx))
	for range 2 {
		dead := c.KillLeader()
		c.NoticeDeath()
		before := lock.Deadline()
		c.Elect(c.Followers()[0])
		live.Eventually(t, "the lock is renewed", func() bool { return lock.Deadline().After(before) || lock.Context().Err() != nil })
		dead.Restart(t)
	}
	if err := lock.SetValue(ctx, "x"); err != nil {
		t.Error(err)
	}
	if err := lock.Extend(ctx, time.Minute); err != nil {
		t.Error(err)
	}
	if err := lock.Unlock(ctx); err != nil {
		t.Error(err)
	}
}

func TestElection(t *testing.T) {
	eachWay(t, func(t *testing.T, _ *legacy.Cluster, client *etcd.Client) {
		ctx := soon(t)
		e := election.New(client, "e")
		term := live.Must[*election.Term](t)(e.Campaign(ctx, "one"))
		led := make(chan string, 1)
		var running sync.WaitGroup
		running.Go(func() {
			second, err := e.Campaign(ctx, "two")
			if err != nil {
				t.Error(err)
				close(led)
				return
			}
			led <- second.Name()
			if err := second.Resign(ctx); err != nil {
				t.Error(err)
			}
		})
		if leader := live.Must[election.Leader](t)(e.Leader(ctx)); leader.Name != "one" {
			t.Errorf("led by %+v", leader)
		}
		if err := term.Proclaim(ctx, "uno"); err != nil {
			t.Error(err)
		}
		for leader, err := range e.Observe(ctx) {
			if err != nil || leader.Name != "uno" {
				t.Errorf("observed %+v, %v", leader, err)
			}
			break
		}
		if err := term.Resign(ctx); err != nil {
			t.Error(err)
		}
		if got := <-led; got != "two" {
			t.Errorf("%s leads", got)
		}
		running.Wait()
	})
}
