package etcd

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is a pause that doubles from first to most each time it is taken. The zero value of
// next starts at first.
type backoff struct {
	first, most time.Duration
	next        time.Duration
}

// step returns how long to pause now: between half and the whole of the current pause, so that
// clients that failed together do not come back together.
func (b *backoff) step() time.Duration {
	current := min(max(b.next, b.first), b.most)
	b.next = 2 * current
	return current/2 + rand.N(current/2+1)
}

// wait pauses for a step, or until ctx, or the client's life, ends; it returns the cause of that then.
func (b *backoff) wait(ctx, life context.Context) error {
	timer := time.NewTimer(b.step())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-life.Done():
		return context.Cause(life)
	}
}

// reset makes the next pause the first again.
func (b *backoff) reset() { b.next = 0 }
