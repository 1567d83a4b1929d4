//go:build unix

package exclusion_test

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

const (
	lockDir  = "/exclusion/lock"
	register = "/exclusion/register"
	ttl      = 2 * time.Second
	longest  = 2 * ttl          // that a lock is extended to
	patience = 20 * time.Second // with one Lock
	calm     = 500 * time.Millisecond
)

// grip is a lock that is held, by the library, by hand, or by one of the bugs.
type grip interface {
	Context() context.Context
	Token() uint64
	Deadline() time.Time // zero for never
	Unlock(ctx context.Context) error
}

// acquire returns when the lock is held.
type acquire func(ctx context.Context) (grip, error)

// by makes an acquire of a method of one of the library's locks.
func by(lock func(context.Context) (*locking.Lock, error)) acquire {
	return func(ctx context.Context) (grip, error) { return lock(ctx) }
}

// contender locks, works and unlocks, again and again.
type contender struct {
	acquire  acquire
	do       locking.Acquirer // what locking.Do locks, in place of acquire, unless it is nil
	shared   bool             // it is a reader
	writes   bool             // its token, to the register
	changes  bool             // it extends its locks, and sets their values if they can be set
	identity string           // it takes over what an earlier one of this identity has left

	name    string
	client  *etcd.Client
	tell    func(event)
	lasting int // of so many steps of its work, one lasts as long as the TTL
	nth     int // how many locks it has had
}

func (c *contender) run(ctx context.Context) {
	for ctx.Err() == nil {
		once := c.once
		if c.do != nil {
			once = c.onceByDo
		}
		if !once(ctx) {
			rest(ctx, calm)
		}
		rest(ctx, rand.N(10*time.Millisecond))
	}
}

// once locks, works and unlocks. It is false if it has not got the lock.
func (c *contender) once(ctx context.Context) bool {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lock, err := c.acquire(waiting)
	if err != nil {
		return false
	}
	c.work(ctx, lock)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), ttl)
	defer cancel()
	at := now()
	c.unlocked(lock.Token(), at, lock.Unlock(ending))
	return true
}

// onceByDo does the same by locking.Do.
func (c *contender) onceByDo(ctx context.Context) bool {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	impatient := time.AfterFunc(patience, cancel)
	token, at := uint64(0), time.Duration(0)
	err := locking.Do(waiting, c.do, func(_ context.Context, lock *locking.Lock) error {
		impatient.Stop()
		c.work(ctx, lock)
		token, at = lock.Token(), now()
		return nil
	})
	if token != 0 {
		c.unlocked(token, at, err)
	}
	return token != 0
}

// unlocked tells that an Unlock that began at that time has worked.
func (c *contender) unlocked(token uint64, at time.Duration, err error) {
	if err == nil {
		c.say(event{Kind: released, Token: token, At: at})
	}
}

// rest waits a while, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
