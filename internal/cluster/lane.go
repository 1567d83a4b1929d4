package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdv2/client/internal/contexts"
)

// lane limits how many calls are in flight at once. Further calls wait in the order in which they came: the
// runtime serves senders on a full channel so. A nil lane has no limit.
//
// Calls that renew a TTL have lanes of their own, because a call that waits behind others of a busy program
// could cost the key. Calls that wait for events have none, because they may be open for long, and neither do
// the questions of this package, because calls depend on the answers.
type lane chan struct{}

// The renewals of many locks are often due at the same moment, and each one that is in flight needs a connection.
// So they go through a narrow lane. One that has waited there for narrowTime, or for a quarter of its time, because
// the cluster is far away or a member hangs, goes through a wide one instead.
const (
	narrowWidth = 2
	narrowTime  = time.Second
)

// narrowWait returns how long a call with that context waits in the narrow lane.
func narrowWait(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(narrowTime, time.Until(deadline)/4)
	}
	return narrowTime
}

func newLane(most int) lane {
	if most <= 0 {
		return nil
	}
	return make(lane, most)
}

// enter waits until the call may be sent, and returns the lane that it must leave. It returns an error if ctx or
// the cluster's life ends before that.
func (c *Cluster) enter(ctx context.Context, call *Call) (lane, error) {
	wide := c.calls
	switch {
	case call.Wait:
		return nil, nil
	case call.Vital:
		if c.narrow.try() {
			return c.narrow, nil
		}
		timer := time.NewTimer(narrowWait(ctx))
		defer timer.Stop()
		if c.narrow.enter(timer.C, ctx.Done(), c.life.Done()) {
			return c.narrow, nil
		}
		wide = c.renewals
	}
	if wide == nil || wide.try() || wide.enter(nil, ctx.Done(), c.life.Done()) {
		return wide, nil
	}
	return nil, fmt.Errorf("etcd: %s %s: not sent, because %d calls of this client are in flight: %w",
		call.Request.Method, call.Request.URL.Path, cap(wide), contexts.Why(ctx, c.life))
}

// try enters the lane if it is not full.
func (l lane) try() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

// enter enters the lane, unless one of the others happens first.
func (l lane) enter(timer <-chan time.Time, ended, over <-chan struct{}) bool {
	select {
	case l <- struct{}{}:
		return true
	case <-timer:
	case <-ended:
	case <-over:
	}
	return false
}

// leave lets the next call enter.
func (l lane) leave() {
	if l != nil {
		<-l
	}
}
