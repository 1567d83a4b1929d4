//go:build unix

package lockhistory_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

const (
	patience = 10 * time.Second // with one call
	longest  = 3                // seconds of a TTL
)

// client takes locks of one name, and notes what comes of it.
type client struct {
	*history
	id     int
	etcd   *etcd.Client
	cut    atomic.Bool // nothing of it arrives any more
	name   string
	make   maker
	random *rand.Rand
	deaf   int // of so many locks, one is held without a connection
}

// run takes locks until there are enough of them.
func (c *client) run(ctx context.Context, enough func() bool) {
	for ctx.Err() == nil && !enough() {
		c.once(ctx)
		rest(ctx, time.Duration(c.random.Int64N(int64(5*time.Millisecond))))
	}
}

func (c *client) ttl() time.Duration { return time.Duration(2+c.random.IntN(longest-1)) * time.Second }

// once takes the lock, does something with it, and unlocks it.
func (c *client) once(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ttl := c.ttl()
	ways := c.make(c.etcd, c.name, c.random, ttl)
	get := ways.lock
	if c.random.IntN(3) == 0 {
		get = ways.try
	}
	began := c.now()
	lock, err := get(ctx)
	if err != nil {
		rest(ctx, time.Duration(c.random.Int64N(int64(50*time.Millisecond))))
		return
	}
	in := act{verb: acquire, lock: c.number(), shared: ways.shared, token: lock.Token(), ttl: ttl}
	c.add(c.id, began, c.now(), in, outcome{})
	ended := watchEnd(c.history, lock)
	c.hold(lock, in)
	c.unlock(lock, in, ended)
}

// hold does a few things with the lock, or goes on while it cannot be kept alive.
func (c *client) hold(lock grip, in act) {
	if c.random.IntN(c.deaf) == 0 {
		c.cutOff(lock)
		return
	}
	for range c.random.IntN(4) {
		switch c.random.IntN(3) {
		case 0:
			c.extend(lock, in)
		case 1:
			c.setValue(lock, in)
		default:
			rest(lock.Context(), time.Duration(c.random.Int64N(int64(20*time.Millisecond))))
		}
	}
}

// cutOff holds the lock until its context ends, or for much longer than the TTL if that does not.
func (c *client) cutOff(lock grip) {
	c.cut.Store(true)
	defer c.cut.Store(false)
	rest(lock.Context(), (longest+2)*time.Second)
}

func (c *client) extend(lock grip, in act) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	in.verb, in.ttl = extend, c.ttl()
	before := time.Now()
	if lock.Extend(ctx, in.ttl) == nil {
		c.add(c.id, c.at(before), c.now(), in, outcome{granted: lock.Deadline().Sub(before)})
	}
}

func (c *client) setValue(lock grip, in act) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	in.verb = setValue
	before := c.now()
	if lock.SetValue(ctx, "still here") == nil {
		c.add(c.id, before, c.now(), in, outcome{})
	}
}

// unlock unlocks the lock, and tells when it was over before that. The holder has not believed in it after its
// context's end, nor after its deadline: who looks for the end may be late.
func (c *client) unlock(lock grip, in act, ended *atomic.Int64) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	called, deadline := c.now(), c.at(lock.Deadline())
	err := lock.Unlock(ctx)
	if errors.Is(context.Cause(lock.Context()), locking.ErrLost) {
		in.verb = lose
		c.add(c.id, min(cmp.Or(ended.Load(), called), deadline), called, in, outcome{})
	}
	in.verb = unlock
	c.add(c.id, min(called, deadline), c.now(), in, outcome{failed: err != nil})
}

// watchEnd notes when the lock's context ends; 0 says that it has not, or a moment ago.
func watchEnd(h *history, lock grip) *atomic.Int64 {
	var ended atomic.Int64
	context.AfterFunc(lock.Context(), func() { ended.Store(h.now()) })
	return &ended
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
