package cluster

import "sync"

// inflight is the set of attempts in flight, which end when the cluster closes. A context.AfterFunc for each
// attempt would do the same at a higher cost.
type inflight struct {
	mu       sync.Mutex
	attempts map[*attempt]struct{}
	ended    error // why no more may begin; nil while they may
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

// end ends all attempts, including those that begin later.
func (i *inflight) end(why error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = why
	for a := range i.attempts {
		a.cancel(why)
	}
}
