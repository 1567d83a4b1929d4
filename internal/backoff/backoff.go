// Package backoff has the pause between tries that fail, for all packages of the library.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/etcdv2/client/internal/contexts"
)

// Backoff is a pause that doubles from First to Most each time it is taken.
type Backoff struct {
	First, Most time.Duration
	next        time.Duration
}

// Step returns how long to pause now: between half and the whole of the current pause, so that clients that
// failed together do not come back together.
func (b *Backoff) Step() time.Duration {
	current := min(max(b.next, b.First), b.Most)
	b.next = 2 * current
	return current/2 + rand.N(current/2+1)
}

// Wait pauses for a step, or until ctx or other ends; it returns contexts.Why(ctx, other) then.
func (b *Backoff) Wait(ctx, other context.Context) error {
	timer := time.NewTimer(b.Step())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	case <-other.Done():
	}
	return contexts.Why(ctx, other)
}

// Reset makes the next pause the first again.
func (b *Backoff) Reset() { b.next = 0 }
