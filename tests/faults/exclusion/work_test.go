//go:build unix

package exclusion_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/etcdv2/client/etcd"
)

// work writes the token to the register a few times, and says each time that it still holds the lock.
func (c *contender) work(ctx context.Context, lock grip) {
	c.nth++
	defer func() { c.say(event{Kind: left, Token: lock.Token(), At: now()}) }()
	for range 1 + rand.IntN(5) {
		if !c.holds(lock) {
			return
		}
		rest(ctx, rand.N(10*time.Millisecond)) // between the look and the deed anything can happen
		if c.writes {
			c.write(lock)
		}
		if c.changes && rand.IntN(4) == 0 {
			c.change(lock)
		}
		if rand.IntN(c.lasting) == 0 {
			// Long enough to be kept alive a few times, and too busy to hear that it is not.
			rest(ctx, 3*ttl/2)
		} else {
			rest(lock.Context(), rand.N(20*time.Millisecond))
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// say tells what has happened to the contender with the lock that it has now.
func (c *contender) say(e event) {
	e.Contender, e.Nth, e.Identity, e.Shared = c.name, c.nth, c.identity, c.shared
	c.tell(e)
}

// holds reports whether the lock is held, and tells up to when that may be believed. The time is taken
// before the look: a process may be stopped between the two.
func (c *contender) holds(lock grip) bool {
	before, until := now(), forever
	if deadline := lock.Deadline(); !deadline.IsZero() {
		until = onClock(deadline)
	}
	if lock.Context().Err() != nil {
		return false
	}
	c.say(event{Kind: held, Token: lock.Token(), At: before, Until: until})
	return true
}

// change extends the lock, and sets its value if it is one of a kind that has one.
func (c *contender) change(lock grip) {
	ctx, cancel := context.WithTimeout(context.Background(), ttl)
	defer cancel()
	if lock, ok := lock.(interface {
		SetValue(ctx context.Context, value string) error
	}); ok {
		_ = lock.SetValue(ctx, c.name+", still") // it may be lost, or be one whose value is its owner
	}
	extender, ok := lock.(interface {
		Extend(ctx context.Context, ttl time.Duration) error
	})
	if !ok {
		return
	}
	longer := ttl + rand.N(longest-ttl)
	// One that fails may have been done all the same, after one to a longer time.
	c.say(event{Kind: extending, Token: lock.Token(), At: now()})
	before := onClock(time.Now()) // as the deadline that comes of it
	if extender.Extend(ctx, longer) == nil {
		c.say(event{Kind: extended, Token: lock.Token(), At: before, Until: before + longer})
		rest(lock.Context(), rand.N(ttl/4)) // for a renewal that may undo it
		c.holds(lock)
	}
}

// write stores the token in the register unless that has seen a greater one. The comparison and the
// write are one: this is how a resource is protected by a fencing token. The lock's context is not heeded
// here, as by a write that is on its way already: the register has to refuse what comes too late.
func (c *contender) write(lock grip) {
	ctx, cancel := context.WithTimeout(context.Background(), ttl)
	defer cancel()
	e := event{Token: lock.Token()}
	for ctx.Err() == nil {
		read, err := c.client.Get(ctx, register, etcd.WithQuorum())
		if err != nil {
			return
		}
		seen, err := strconv.ParseUint(read.Node.Value, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("the register holds %q", read.Node.Value))
		}
		if seen > lock.Token() {
			e.Kind, e.At = refused, now()
			c.say(e)
			return
		}
		resp, err := c.client.CompareAndSwap(ctx, register, strconv.FormatUint(lock.Token(), 10), etcd.Prev{Index: read.Node.ModifiedIndex})
		if err == nil {
			e.Kind, e.At, e.Index = accepted, now(), resp.Index
			c.say(e)
		}
		if !errors.Is(err, etcd.ErrCompareFailed) {
			return
		}
	}
}
