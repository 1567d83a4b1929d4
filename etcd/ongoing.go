package etcd

import "sync"

// ongoing is the attempts under way, which end with the client. A context.AfterFunc for each would do
// the same and cost more.
type ongoing struct {
	mu     sync.Mutex
	limits map[*limit]struct{}
	ended  error // why there are to be no more
}

func (o *ongoing) begin(l *limit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		l.cancel(o.ended)
		return
	}
	if o.limits == nil {
		o.limits = map[*limit]struct{}{}
	}
	o.limits[l] = struct{}{}
}

func (o *ongoing) done(l *limit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.limits, l)
}

// end ends the attempts, and those that begin later.
func (o *ongoing) end(why error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = why
	for l := range o.limits {
		l.cancel(why)
	}
}
