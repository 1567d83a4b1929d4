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

// wait pauses for between half and the whole of the current pause, so that clients that failed
// together do not come back together, or until ctx, or the client's life, ends; it returns the cause
// of that then.
func (b *backoff) wait(ctx, life context.Context) error {
	b.next = min(max(b.next, b.first), b.most)
	timer := time.NewTimer(b.next/2 + rand.N(b.next/2+1))
	defer timer.Stop()
	b.next *= 2
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
