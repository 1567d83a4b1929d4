package follow

import (
	"context"
	"slices"
	"time"
)

// position is how far a watch has come.
type position struct {
	delivered uint64 // every event up to it that is known has been delivered
	proven    uint64 // at least delivered; nothing that concerns the watch seems to lie between the two
}

// deliver moves the position to an event that has been delivered.
func (p *position) deliver(index uint64) {
	p.delivered = max(p.delivered, index)
	p.proven = max(p.proven, index)
}

// conclude records that there is nothing more up to index, and tells the watch. An event that is known and has not
// been delivered contradicts that.
func (f *follower) conclude(index uint64) {
	if index <= f.proven || f.interrupted || f.knows(index) {
		return
	}
	f.proven = index
	f.pause.Reset()
	f.tellProgress()
}

// believe concludes from silence alone that there is nothing more up to index. An event that had come, and was
// discarded, contradicts that, too.
func (f *follower) believe(index uint64) {
	if f.discarded > f.proven && f.discarded <= index {
		return
	}
	f.conclude(index)
}

// retract takes back what silence seemed to prove, because an event has come after all. There may be others.
func (f *follower) retract() {
	f.proven = f.delivered
	f.witnessed, f.keyWitnessed, f.keyClear = 0, 0, min(f.keyClear, f.delivered)
}

// knows reports whether an event up to index is known and has not been delivered.
func (f *follower) knows(index uint64) bool {
	is := func(e Event) bool { return e.ModifiedIndex() > f.delivered && e.ModifiedIndex() <= index }
	s := f.stream
	return slices.ContainsFunc(f.polls, func(p *poll) bool { return p.phase == answered && is(p.event) }) ||
		s != nil && slices.ContainsFunc(s.held, is)
}

func (f *follower) tellProgress() {
	if f.watch.Progress != nil {
		f.watch.Progress(f.proven)
	}
}

// base is the first index of which nothing is known. Polls from it or from before it miss nothing.
func (f *follower) base() uint64 { return f.proven + 1 }

// from returns where the next poll begins: after the last event that was delivered, so that silence is
// believed no more than necessary, or, if the history may not reach back that far, at the base.
func (f *follower) from() uint64 {
	next := f.delivered + 1
	if next <= f.cleared || f.pace.head > f.delivered+provenEvents {
		return f.base()
	}
	return next
}

// endedBy returns the error for a watch that err ends.
func (f *follower) endedBy(err error) error { return f.watch.Ended(f.delivered, err) }

// missed returns the error for a watch that has delivered later events than that at index, and not that one.
func (f *follower) missed(index, later uint64) error {
	return f.watch.Ended(index-1, f.watch.Source.Missed(index, later))
}

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

// check makes one of the checks of the Source, unless one is being made, and takes its result as a step.
func (f *follower) check(check func(ctx context.Context) error, passed func()) {
	if f.checking {
		return
	}
	f.checking = true
	f.running.Go(func() {
		err := check(f.ctx)
		f.do(func() error {
			f.checking = false
			switch {
			case err == nil:
				passed()
			case f.watch.Source.Kind(err).final():
				return f.endedBy(err)
			}
			return nil
		})
	})
}

// checkRolledBack finds out whether not only the member that a poll waits on, but the whole cluster is behind
// what has been delivered.
func (f *follower) checkRolledBack() {
	next := f.base()
	f.check(func(ctx context.Context) error { return f.watch.Source.CheckRolledBack(ctx, next) }, func() {})
}

// checkHistory finds out, after an interruption, whether the history is still the one that was followed. Nothing
// is delivered before that is known, because the cluster may have been made anew under the same name. A check that
// was being made when there was another interruption does not count. Neither does what had come before the result:
// it may be of another history than the one that was checked.
func (f *follower) checkHistory() {
	switch {
	case !f.interrupted:
		return
	case !f.watch.Source.KnowsHistory():
		f.resume()
		return
	}
	before := f.interruptions
	f.check(f.watch.Source.CheckHistory, func() {
		if f.interruptions == before {
			f.discardUndelivered()
			f.resume()
		}
	})
}

// resume ends an interruption.
func (f *follower) resume() {
	f.interrupted = false
	f.tellProgress()
}

// discardUndelivered drops the events that have not been delivered. They are asked for again.
func (f *follower) discardUndelivered() {
	for _, p := range f.polls {
		if p.phase == answered {
			f.discardEvent(p.event)
			f.drop(p)
		}
	}
	if f.keyPoll != nil && f.keyPoll.phase == answered {
		f.discardEvent(f.keyPoll.event)
		f.drop(f.keyPoll)
	}
	if s := f.stream; s != nil && len(s.held) > 0 {
		f.discardEvent(s.held[0])
		s.start, s.held = s.held[len(s.held)-1].ModifiedIndex(), nil
	}
}

// discardEvent remembers the first event that was discarded.
func (f *follower) discardEvent(e Event) {
	if index := e.ModifiedIndex(); index > f.proven && (f.discarded <= f.proven || index < f.discarded) {
		f.discarded = index
	}
}

// observeLag reports to the observer how far the watch lags, if the lag is worth reporting.
func (f *follower) observeLag() {
	const worthTelling = 100
	if f.watch.Lag == nil {
		return
	}
	lag := max(f.pace.head, f.proven) - f.proven
	switch now := time.Now(); {
	case lag > worthTelling && now.Sub(f.lagTold) >= lagInterval:
		f.lagging, f.lagTold = true, now
		f.watch.Lag(f.proven, lag)
	case lag == 0 && f.lagging:
		f.lagging = false
		f.watch.Lag(f.proven, 0)
	}
}
