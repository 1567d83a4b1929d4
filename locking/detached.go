package locking

import (
	"context"
	"time"
)

// detached returns a context for cleaning up after a call whose own context may have ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
}

// lingering returns a context that ends a little after ctx: what is cut off while it is being written may or
// may not be there afterwards, and cannot be cleaned up for certain.
func lingering(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithoutCancel(ctx), context.CancelFunc(nil)
	if deadline, ok := ctx.Deadline(); ok {
		late, cancel = context.WithDeadline(late, deadline.Add(cleanUpTime)) // for the client to go by
	} else {
		late, cancel = context.WithCancel(late)
	}
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(cleanUpTime)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-late.Done():
		}
	})
	return late, func() {
		stop()
		cancel()
	}
}
