package locking

import (
	"context"
	"errors"
	"time"
)

// Lock is a lock that is held until it is unlocked or lost. Multiple goroutines may use it at once.
type Lock struct{ place *place }

// Context returns the context for the work under the lock. It ends with the lock, and its cause is then
// ErrUnlocked or ErrLost. If the lock cannot be renewed, the context ends a tenth of the TTL before Deadline,
// which allows the members' clocks to differ by as much. The context has the values of the context given to
// Lock, but does not end with it.
func (l *Lock) Context() context.Context { return l.place.ctx }

// Token returns the fencing token: a number greater than those of all earlier holders. A resource that refuses a
// token smaller than one it has seen is safe from holders that were paused and do not know that they have lost
// the lock.
func (l *Lock) Token() uint64 { return l.place.token }

// Key returns the key of the lock.
func (l *Lock) Key() string { return l.place.key }

// Value returns the value that shows others who holds the lock.
func (l *Lock) Value() string {
	l.place.mu.Lock()
	defer l.place.mu.Unlock()
	return l.place.value
}

// Deadline returns the time before which the server does not let the lock expire, if its members' clocks agree.
// It is one TTL after the last renewal was sent, by this process's monotonic clock, and moves with each renewal.
// The zero time means that the lock has no TTL.
func (l *Lock) Deadline() time.Time {
	deadline, _ := l.place.terms()
	return deadline
}

// Extend gives the lock a new TTL, which begins now and applies to all further renewals. It is rounded up to
// seconds, and is at least one second. Extend retries until ctx is done. It returns ErrLost or ErrUnlocked if
// the lock was lost or unlocked. An Extend that fails may have been applied all the same: renewals continue with
// the shorter of the two TTLs.
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

// SetValue changes the value that shows others who holds the lock. The TTL begins again. SetValue retries until
// ctx is done, and returns ErrLost or ErrUnlocked if the lock was lost or unlocked. A SetValue that fails may have
// been applied all the same; the next renewal undoes it.
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

// Unlock ends the lock and lets the next contender in. Context ends before that. Unlock retries until ctx is
// done or the lock's TTL has passed. Then its error says why it failed, and Unlock may be called again. It
// returns ErrLost if the lock was lost before, even if Unlock is the first to find out, and nil for a lock that
// is already unlocked.
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
