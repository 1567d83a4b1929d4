package cluster

import "net/http"

// Open is the reply to a call that waits: its header has come, and its body comes whenever there is an event.
type Open struct {
	Reply
	Member  *Member // that the call waits on
	cluster *Cluster
	attempt *attempt
}

// opened returns the reply to a call that waits, whose attempt from now on is bounded by its context alone.
func (c *Cluster) opened(resp *http.Response, m *Member, a *attempt) (Verdict, *Open) {
	a.lift()
	index := IndexOf(resp)
	if a.watched != nil {
		c.pulse.registered(m, a, index)
	}
	return Verdict{Outcome: Done, Index: index}, &Open{Reply: Reply{Response: resp, Endpoint: m.endpoint}, Member: m, cluster: c, attempt: a}
}

// Check returns an error if the event at index, which the call has waited for, may not be the first there
// was, since its member has leapt meanwhile: perhaps to this very event.
func (o *Open) Check(index uint64) error {
	if o.attempt.watched == nil {
		return nil
	}
	return o.cluster.pulse.check(o.attempt, index)
}

// Close ends the call.
func (o *Open) Close() {
	defer o.attempt.end()
	o.Body.Close()
}
