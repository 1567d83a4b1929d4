package locking

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 10 * time.Millisecond
	mostPause  = time.Second
)

// pause is what lies between two tries: it doubles each time. The zero value begins with the shortest.
type pause struct{ next time.Duration }

// wait pauses between half and the whole of the current length, so that those who failed together
// do not come back together. It is false when one of the contexts ends first.
func (p *pause) wait(ctx, other context.Context) bool {
	current := min(max(p.next, firstPause), mostPause)
	p.next = 2 * current
	timer := time.NewTimer(current/2 + rand.N(current/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-other.Done():
	}
	return false
}

// reset makes the next pause the shortest again.
func (p *pause) reset() { p.next = 0 }

// cleanUpTime bounds what a contender still does for others when it gives up.
const cleanUpTime = 3 * time.Second

// detached returns a context for cleaning up after a call whose own context may have ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
}

// lingering returns a context that ends a little after ctx: what is cut off while it is being
// written may or may not be there afterwards, and cannot be cleaned up for certain.
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
