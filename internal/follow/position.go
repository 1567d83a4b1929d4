package follow

import "time"

// advance records that all events before next have been delivered.
func (f *follower) advance(next uint64) {
	if next <= f.next {
		return
	}
	f.next = next
	if f.watch.Progress != nil {
		f.watch.Progress(next - 1)
	}
}

// endedBy returns the error for a watch that err ends.
func (f *follower) endedBy(err error) error { return f.watch.Ended(max(f.next, 1)-1, err) }

// identify returns the error that ends the watch if another cluster answers, because that cluster has its own
// indexes. A client that is bound to one cluster has already refused such an answer.
func (f *follower) identify(id string) error {
	if f.cluster == "" {
		f.cluster = id
	}
	if id != "" && id != f.cluster {
		return f.endedBy(f.watch.Source.WrongCluster(id, f.cluster))
	}
	return nil
}

// checkRolledBack finds out whether not only the member that a poll waits on, but the whole cluster is behind
// what has been delivered.
func (f *follower) checkRolledBack() {
	if f.checking {
		return
	}
	f.checking = true
	next := f.next
	f.running.Go(func() {
		err := f.watch.Source.CheckRolledBack(f.ctx, next)
		f.do(func() error {
			f.checking = false
			if err != nil && f.watch.Source.Kind(err) != Passing {
				return f.endedBy(err)
			}
			return nil
		})
	})
}

// observeLag reports to the observer how far the watch lags, if the lag is worth reporting.
func (f *follower) observeLag() {
	const worthTelling = 100
	if f.watch.Lag == nil {
		return
	}
	after := f.next - 1
	lag := max(f.pace.head, after) - after
	switch now := time.Now(); {
	case lag > worthTelling && now.Sub(f.lagTold) >= lagInterval:
		f.lagging, f.lagTold = true, now
		f.watch.Lag(after, lag)
	case lag == 0 && f.lagging:
		f.lagging = false
		f.watch.Lag(after, 0)
	}
}
