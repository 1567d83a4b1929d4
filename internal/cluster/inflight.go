package cluster

import "sync"

// inflight is the attempts under way, which end with the cluster. A context.AfterFunc for each would do the
// same and cost more.
type inflight struct {
	mu       sync.Mutex
	attempts map[*attempt]struct{}
	ended    error // why there are to be no more
}

func (i *inflight) begin(a *attempt) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ended != nil {
		a.cancel(i.ended)
		return
	}
	if i.attempts == nil {
		i.attempts = map[*attempt]struct{}{}
	}
	i.attempts[a] = struct{}{}
}

func (i *inflight) done(a *attempt) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.attempts, a)
}

// end ends the attempts, and those that begin later.
func (i *inflight) end(why error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = why
	for a := range i.attempts {
		a.cancel(why)
	}
}
