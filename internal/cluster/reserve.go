package cluster

import (
	"context"
	"net/http"
	"sync/atomic"
)

// A key with a TTL that this process can make is one that it must be able to renew, even if it is out of files by then.
// So the first write to a member that makes one is sent on a vital connection, which stays for the renewals. If that
// cannot be opened, the key is not made. Other such writes wait until it is open; then they use the common connections.

// reservation says whether a member has had a vital connection.
type reservation struct {
	made atomic.Bool
	turn chan struct{} // holds a token while a write tries to make it
}

func newReservation() *reservation { return &reservation{turn: make(chan struct{}, 1)} }

// clientFor returns the client for an attempt at call, and a function to be called when it has been sent.
func (c *Cluster) clientFor(ctx context.Context, call *Call, m *Member) (client *http.Client, sent func(), err error) {
	nothing := func() {}
	switch r := m.reservation; {
	case call.Vital:
		return c.vital, nothing, nil
	case !call.Expires || !c.owned || r.made.Load():
		return c.http, nothing, nil
	default:
		if !lane(r.turn).enter(nil, ctx.Done(), nil) {
			return nil, nil, context.Cause(ctx)
		}
		if r.made.Load() {
			<-r.turn
			return c.http, nothing, nil
		}
		return c.vital, func() { <-r.turn }, nil
	}
}
