package sim

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// TestSemaphore: never more holders than any of them expects, and no slot gets lost. While there are faults, its limit
// is being changed, and somebody with another limit wants to get in. The guarantees are listed at contest.
func TestSemaphore(t *testing.T) {
	const ttl = 5 * time.Second
	options := Options{Drift: ttl / 10, Every: time.Second, Longest: 15 * time.Second, Whole: 0.6}
	run(t, "semaphore", options, func(w *World) {
		c := newContest(w, "/locks/slots", ttl, slotsOf(2, 3))
		newContender := func(limit int, name string) *contender {
			former := 0
			if limit <= 3 {
				former = 5 - limit
			}
			return &contender{
				name: name, client: w.Client(name, etcd.Config{}), chance: w.Chance(name), limit: limit,
				hold: 2 * time.Second, patient: 0.7,
				lock: func(client *etcd.Client, options ...locking.Option) acquirer {
					if former != 0 {
						options = append(options, locking.WithFormerLimit(former))
					}
					return locking.NewSemaphore(client, c.dir, limit, options...)
				},
			}
		}
		either := func(i int, name string) *contender { return newContender(2+i%2, name) }
		two := func(_ int, name string) *contender { return newContender(2, name) }
		stranger := newContender(7, "stranger")
		stranger.stranger = true
		c.disturbed(append(several("c", 7, either), stranger))
		c.calmly(6, several("fresh", 6, two))
		c.waves(several("first", 2, two), several("second", 2, two), several("third", 2, two))
		c.isGone()
	})
}

// slotsOf is the rule of a semaphore with one of the limits, or with several of them at the same time.
func slotsOf(limits ...int) rule {
	return rule{
		together: func(inside []*tenure) bool {
			for _, t := range inside {
				if len(inside) > t.limit {
					return false
				}
			}
			return true
		},
		first: func(t *tenure, before []rival) bool {
			least := t.limit
			for _, r := range before {
				if r.Limit != t.limit && (!slices.Contains(limits, r.Limit) || !slices.Contains(limits, t.limit)) {
					return false // they have not agreed
				}
				least = min(least, r.Limit)
			}
			return len(before) < least
		},
	}
}

// waves checks that contenders hold the lock together when those of the wave before give it back, in a cluster without
// faults. If they are as many, each gets it from one of those.
func (c *contest) waves(waves ...[]*contender) {
	var holding []*locking.Lock
	for _, wave := range waves {
		ctx, cancel := context.WithTimeout(context.Background(), c.ttl)
		defer cancel()
		got := make(chan *locking.Lock, len(wave))
		for _, by := range wave {
			go func() {
				lock, err := by.lock(by.client, locking.WithTTL(c.ttl)).Lock(ctx)
				if err != nil {
					c.errorf("%s does not hold the lock together with others: %v; the queue is %+v", by.name, err, c.queue())
				}
				got <- lock
			}()
		}
		time.Sleep(time.Second)
		slices.SortFunc(holding, func(a, b *locking.Lock) int { return cmp.Compare(a.Token(), b.Token()) })
		var next []*locking.Lock
		for range wave {
			if len(holding) == len(wave)-len(next) { // one lock for one
				c.unlock(holding[:1])
				holding = holding[1:]
			} else {
				c.unlock(holding)
				holding = nil
			}
			if lock := <-got; lock != nil {
				next = append(next, lock)
			}
		}
		holding = next
	}
	c.unlock(holding)
}

func (c *contest) unlock(locks []*locking.Lock) {
	for _, lock := range locks {
		if err := lock.Unlock(context.Background()); err != nil {
			c.errorf("Unlock in a cluster without faults: %v", err)
		}
	}
}
