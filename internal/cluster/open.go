package cluster

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// Open is the reply to a call that waits. Its header has arrived; its body follows when there is an event.
type Open struct {
	Reply
	Member  *Member // the member that the call waits on
	cluster *Cluster
	attempt *attempt

	finishing atomic.Bool // see Finish
}

// opened returns the reply to a call that waits. From then on, only its context limits the attempt.
func (c *Cluster) opened(resp *http.Response, m *Member, a *attempt) (Verdict, *Open) {
	author, err := c.identity.learn(resp, m.listed.Load())
	if err != nil {
		defer a.end()
		resp.Body.Close()
		return Verdict{Author: author, Err: err}, nil
	}
	a.lift()
	index := IndexOf(resp)
	if a.watched != nil {
		c.pulse.registered(m, a, index)
	}
	return Verdict{Outcome: Done, Author: author, Index: index}, &Open{Reply: Reply{Response: resp, Endpoint: m.endpoint}, Member: m, cluster: c, attempt: a}
}

// Check returns an error if the event at index may not be the first one that the call waited for, because the
// member has leapt in the meantime, perhaps to this very event.
func (o *Open) Check(index uint64) error {
	if o.attempt.watched == nil {
		return nil
	}
	return o.cluster.pulse.check(o.attempt, index)
}

// Ask makes a call, with credentials, to the member that o waits on. See Cluster.Ask. If the answer shows that the member has
// leapt, that ends o before Ask returns: silence until the index in the answer would show nothing.
func (o *Open) Ask(ctx context.Context, call *Call, most time.Duration) Verdict {
	o.cluster.authorize(call.Request)
	v := o.cluster.Ask(ctx, o.Member, call, most)
	o.cluster.pulse.saw(o.Member, v.Index)
	return v
}

// Cut reports whether the call has been ended by this side, so that what has not arrived shows nothing.
func (o *Open) Cut() bool { return o.attempt.ctx.Err() != nil }

// Close ends the call.
func (o *Open) Close() {
	defer o.attempt.end()
	o.Body.Close()
}
