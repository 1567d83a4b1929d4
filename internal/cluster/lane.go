package cluster

import (
	"context"
	"fmt"

	"github.com/etcdv2/client/internal/contexts"
)

// lane limits how many calls are in flight at once. Further calls wait in the order in which they came: the
// runtime serves senders on a full channel so. A nil lane has no limit.
//
// Calls that renew a TTL have a lane of their own, because a call that waits behind others of a busy program
// could cost the key. Calls that wait for events have none, because they may be open for long, and neither do
// the questions of this package, because calls depend on the answers.
type lane chan struct{}

func newLane(most int) lane {
	if most <= 0 {
		return nil
	}
	return make(lane, most)
}

// lane returns the lane of a call.
func (c *Cluster) lane(call *Call) lane {
	switch {
	case call.Wait:
		return nil
	case call.Vital:
		return c.renewals
	}
	return c.calls
}

// enter waits until the call may be sent. It returns an error if ctx or the cluster's life ends before that.
// Otherwise leave must follow.
func (c *Cluster) enter(ctx context.Context, l lane, call *Call) error {
	if l == nil {
		return nil
	}
	select {
	case l <- struct{}{}:
		return nil
	default:
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
	case <-c.life.Done():
	}
	return fmt.Errorf("etcd: %s %s: not sent, because %d calls of this client are in flight: %w",
		call.Request.Method, call.Request.URL.Path, cap(l), contexts.Why(ctx, c.life))
}

// leave lets the next call enter.
func (l lane) leave() {
	if l != nil {
		<-l
	}
}
