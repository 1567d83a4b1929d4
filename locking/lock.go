package locking

import (
	"context"
	"errors"
	"time"
)

// Lock is a lock that is held, until it is unlocked or lost. It may be used by many goroutines at the same
// time.
type Lock struct{ place *place }

// Context returns the context for what is done under the lock. It ends with the lock, with the cause
// ErrUnlocked or ErrLost. If the lock cannot be kept alive it ends a tenth of the TTL before Deadline, by
// which much the members' clocks may differ. It has the values of the context given to Lock, but does not end
// with that.
func (l *Lock) Context() context.Context { return l.place.ctx }

// Token returns the fencing token: a number, greater than those of all who held the lock before. A resource
// that refuses whoever comes with a smaller token than it has seen is safe from holders that were paused and
// do not know that they have lost the lock.
func (l *Lock) Token() uint64 { return l.place.token }

// Key returns the key that stands for the lock.
func (l *Lock) Key() string { return l.place.key }

// Value returns what tells others who holds the lock.
func (l *Lock) Value() string {
	l.place.mu.Lock()
	defer l.place.mu.Unlock()
	return l.place.value
}

// Deadline returns the moment before which the server does not let the lock expire, if its members' clocks
// agree. It is a TTL behind the sending of the last renewal, by this process's monotonic clock, and moves
// with each. The zero time says that the lock has no TTL.
func (l *Lock) Deadline() time.Time {
	deadline, _ := l.place.terms()
	return deadline
}

// Extend gives the lock a new TTL, which begins now and holds for the renewals to come; rounded up to
// seconds, and at least one. It tries until ctx ends. It returns ErrLost or ErrUnlocked if the lock is not
// held any more. A failed Extend may have happened all the same: if it was to shorten the TTL, renewals go on
// with the shorter one, and otherwise with the one before.
func (l *Lock) Extend(ctx context.Context, ttl time.Duration) error {
	var c config
	if WithTTL(ttl)(&c); c.err != nil {
		return c.err
	}
	return l.place.rewrite(ctx, func(_ *entry, ttl *time.Duration) bool {
		*ttl = c.ttl
		return true
	})
}

// SetValue changes what tells others who holds the lock; its TTL begins anew. It tries until ctx ends, and
// returns ErrLost or ErrUnlocked if the lock is not held any more. A failed SetValue may have happened all
// the same; the next renewal undoes it.
func (l *Lock) SetValue(ctx context.Context, value string) error {
	var c config
	if WithValue(value)(&c); c.err != nil {
		return c.err
	}
	if what := l.place.queue.layout.foreign(); what != "" {
		return invalid("set value: the value of %s cannot be changed", what)
	}
	return l.place.rewrite(ctx, func(e *entry, _ *time.Duration) bool {
		e.Value = value
		return true
	})
}

// Unlock ends the lock and lets the next one in. Context ends before that. It tries until ctx ends, or until
// the lock's TTL has passed; then its error says why it failed, and it may be called again. It returns
// ErrLost if the lock was lost before, also if only the Unlock finds that out, and nil for one that is
// unlocked already.
func (l *Lock) Unlock(ctx context.Context) error {
	p := l.place
	p.cancel(ErrUnlocked)
	if cause := context.Cause(p.ctx); !errors.Is(cause, ErrUnlocked) {
		p.giveUp(ctx) // there may be a key yet, in the way of others
		return cause
	}
	if _, ttl := p.terms(); ttl != 0 {
		bounded, cancel := context.WithTimeout(ctx, ttl)
		defer cancel()
		ctx = bounded
	}
	return p.leave(ctx)
}
