package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// contender is a client that competes for a lock.
type contender struct {
	name   string
	client *etcd.Client
	chance *Chance
	lock   func(client *etcd.Client, options ...locking.Option) acquirer
	shared bool
	limit  int

	hold     time.Duration // about
	patient  float64       // the share of attempts that wait for as long as it takes
	stranger bool          // need not get in
	tries    int
}

// several returns n contenders, whose clients are new.
func several(prefix string, n int, newContender func(i int, name string) *contender) []*contender {
	var all []*contender
	for i := range n {
		all = append(all, newContender(i, fmt.Sprint(prefix, i)))
	}
	return all
}

// acquirer is a Mutex, or what is like one.
type acquirer interface {
	Lock(ctx context.Context) (*locking.Lock, error)
	TryLock(ctx context.Context) (*locking.Lock, error)
}

// compete makes attempts until ctx ends.
func (c *contest) compete(ctx context.Context, by *contender) {
	for ctx.Err() == nil {
		c.attempt(ctx, by)
		pause(ctx, by.chance.About(by.hold/4))
	}
}

// attempt competes once for the lock, and holds it for a while.
func (c *contest) attempt(ctx context.Context, by *contender) {
	by.tries++
	value := fmt.Sprintf("%s-%d", by.name, by.tries)
	lock := by.lock(by.client, locking.WithTTL(c.ttl), locking.WithValue(value))
	acquire, limited, ended, waits := lock.Lock, ctx, time.Time{}, true
	switch kind := by.chance.Part(); {
	case kind < by.patient:
	case kind < by.patient+(1-by.patient)/2:
		acquire, waits = lock.TryLock, false
	default:
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, by.chance.About(4*by.hold))
		defer cancel()
		ended, _ = limited.Deadline()
	}
	got, err := acquire(limited)
	if err != nil {
		if ctx.Err() != nil || limited.Err() == nil {
			ended = time.Time{}
		}
		c.gaveUp(value, ended)
		if !errors.Is(err, locking.ErrLocked) && limited.Err() == nil {
			c.failed(value, err, waits)
			c.w.Count("locks failed", 1)
			pause(ctx, by.chance.About(time.Second))
		}
		return
	}
	t := &tenure{by.name, got, by.shared, by.limit}
	c.enter(t)
	c.work(t, got, by)
	c.leave(t)
	c.holdUp(got, by)
	c.unlocked(t, got.Unlock(context.WithoutCancel(ctx)))
}

// holdUp sometimes keeps what a contender says from arriving before its key has expired. Unlock must not say then that
// it has deleted the key.
func (c *contest) holdUp(lock *locking.Lock, by *contender) {
	c.mu.Lock()
	calm := c.calm
	c.mu.Unlock()
	if calm || !by.chance.Happens(0.02) {
		return
	}
	c.paths(by, (*path).block)
	time.AfterFunc(time.Until(lock.Deadline())+time.Second, func() { c.paths(by, (*path).free) })
}

// work holds a lock for a while. Sometimes it changes the lock, most often when a renewal is due.
func (c *contest) work(t *tenure, lock *locking.Lock, by *contender) {
	ctx, hold := lock.Context(), by.chance.About(by.hold)
	if by.chance.Happens(0.2) {
		hold = by.chance.Between(0, 20*by.hold)
	}
	for end := time.Now().Add(hold); ctx.Err() == nil && time.Now().Before(end); {
		next := by.chance.Between(0, 2*hold)
		if due := time.Until(lock.Deadline().Add(-c.ttl + c.ttl/3)); due < time.Until(end) && by.chance.Happens(0.7) { // for a renewal
			next = due + by.chance.Between(-5*time.Millisecond, 5*time.Millisecond)
		}
		if next > time.Until(end) {
			pause(ctx, time.Until(end))
			return
		}
		if pause(ctx, next) {
			c.change(t, lock, by, end)
		}
	}
}

// change changes the value or the TTL of a lock, and waits, but not beyond end. No renewal may undo it.
func (c *contest) change(t *tenure, lock *locking.Lock, by *contender, end time.Time) {
	limit := c.ttl
	if by.chance.Happens(0.3) {
		limit = by.chance.Between(time.Millisecond, 20*time.Millisecond) // while the request is under way
	}
	limited, cancel := context.WithTimeout(lock.Context(), limit)
	defer cancel()
	if by.chance.Happens(0.5) {
		ttl := by.chance.Between(c.shortest(), Pick(by.chance, []time.Duration{c.ttl, 4 * c.ttl}))
		sent := time.Now()
		if lock.Extend(limited, ttl) == nil {
			c.w.Count("extended", 1)
			if deadline := lock.Deadline(); lock.Context().Err() == nil && deadline.Before(sent.Add(ttl)) {
				c.errorf("%v was extended by %v, and has %v", t, ttl, deadline.Sub(sent))
			}
			deadline := lock.Deadline()
			pause(lock.Context(), min(time.Until(end), by.chance.Between(0, c.ttl/2)))
			if now := lock.Deadline(); now.Before(deadline) {
				c.errorf("%v was extended, and then its deadline went back by %v", t, deadline.Sub(now))
			}
		}
		return
	}
	by.tries++
	value := fmt.Sprintf("%s-%d", by.name, by.tries)
	if lock.SetValue(limited, value) != nil {
		return
	}
	c.w.Count("changed", 1)
	pause(lock.Context(), min(time.Until(end), by.chance.Between(0, c.ttl/2)))
	if own, found := with(c.queue(), lock.Token()); found && own.Value != value {
		c.errorf("%v has set the value %s, and it is %s", t, value, own.Value)
	}
}

// shortest is the least TTL that a lock gets here. A tenth of it is what the clocks can differ by.
func (c *contest) shortest() time.Duration { return max(c.ttl/2, 10*c.w.Options.Drift) }

// calmly has new contenders compete in a cluster without faults, each so many times. The lock must go from one to
// the next at once. Then replies get lost; those that give up must leave nothing behind all the same.
func (c *contest) calmly(times int, contenders []*contender) {
	began := time.Now()
	c.together(times, contenders)
	took, attempts := time.Since(began), times*len(contenders)
	if most := time.Duration(attempts) * 300 * time.Millisecond; took > most {
		c.errorf("%d attempts in a cluster without faults took %v; the queue is %+v", attempts, took, c.queue())
	}
	for _, by := range contenders {
		c.loseReplies(by, 0.2)
	}
	c.together(times, contenders)
	for _, by := range contenders {
		c.loseReplies(by, 0)
	}
	c.unheard(contenders)
}

// unheard has contenders give up whose keys are created, and that hear nothing from then on, until shortly before they
// are done with it. They must leave nothing behind all the same.
func (c *contest) unheard(contenders []*contender) {
	for _, by := range contenders {
		by.tries++
		value := fmt.Sprintf("%s-%d", by.name, by.tries)
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		ended, _ := ctx.Deadline()
		var deaf sync.WaitGroup
		deaf.Go(func() {
			for !slices.ContainsFunc(c.queue(), func(r rival) bool { return r.Value == value }) {
				if !pause(ctx, 50*time.Microsecond) {
					return
				}
			}
			c.paths(by, (*path).block)
			time.Sleep(4 * time.Second) // the creation is waited for for 3 s after the end of ctx, its removal for 3 s more
			c.paths(by, (*path).free)
		})
		got, err := by.lock(by.client, locking.WithTTL(c.ttl), locking.WithValue(value)).Lock(ctx)
		if err == nil {
			_ = got.Unlock(context.Background())
		}
		c.gaveUp(value, ended)
		cancel()
		deaf.Wait()
	}
}

// paths calls f for each path of a contender.
func (c *contest) paths(by *contender, f func(*path)) {
	for _, m := range c.w.Cluster.Peers() {
		f(c.w.Cluster.net.path(by.name, m.Name()))
	}
}

// loseReplies makes a share of the replies to a contender get lost.
func (c *contest) loseReplies(by *contender, share float64) {
	c.paths(by, func(p *path) { p.change(func() { p.rates.dropReply = share }) })
}

// together has each contender make so many attempts.
func (c *contest) together(times int, contenders []*contender) {
	var all sync.WaitGroup
	for _, by := range contenders {
		by.hold, by.patient = 10*time.Millisecond, 0.5
		all.Go(func() {
			for range times {
				c.attempt(context.Background(), by)
			}
		})
	}
	all.Wait()
}
