package follow

import "context"

// A member that receives a snapshot skips changes, without a word to those that wait there. An event that has happened
// while a request waited may be the first one behind such a gap. The next header from a member that has the event, too,
// shows whether there may be a gap ([Answer].MayHaveSkipped). Usually it shows that there is none. Otherwise an audit
// searches the history for what may be missing, and ends the watch only if it finds something: that much has happened
// does not show a gap. The event has been delivered by then, because the header takes a round trip.

// unsure are the events that were delivered and are not certain yet, in the order in which they were delivered.
type unsure []delivery

// delivery is an event that a poll has waited for.
type delivery struct {
	by    Answer
	from  uint64 // nothing before it can be missing
	event uint64 // its index
	there bool   // the watched key is known to have existed before it
}

// mostUnsure is how many are kept.
const mostUnsure = 64

// add returns u with an event that was delivered. An event that the server found in its history is certain.
func (u unsure) add(d delivery) unsure {
	if index, told := d.by.Index(); d.event <= index || !told {
		return u
	}
	if len(u) == mostUnsure {
		u = u[1:]
	}
	return append(u, d)
}

// verify makes certain, or has an audit look at, what the member of p had, too, when p arrived there.
func (f *follower) verify(p *poll) {
	var rest unsure
	for _, d := range f.unsure {
		switch {
		case d.event > p.index:
			rest = append(rest, d)
		case d.by.MayHaveSkipped(p.answer):
			f.running.Go(func() { f.audit(d) })
		}
	}
	f.unsure = rest
}

// audit ends the watch if the history has an event before that of d.
func (f *follower) audit(d delivery) {
	ctx, cancel := context.WithTimeout(f.ctx, auditTime)
	defer cancel()
	from := d.from
	for pause := NewPause(); from < d.event; {
		var before int
		f.do(func() error {
			before = f.interruptions
			return nil
		})
		event, kind, err := f.find(ctx, from)
		switch {
		case err != nil:
			oldest := f.watch.Source.Oldest(err)
			if kind == Cleared && from < oldest && oldest < d.event { // what is left may show something
				from = oldest
				continue
			}
			if kind.final() {
				return
			}
		case event.ModifiedIndex() < d.event && f.isGap(event, d):
			f.do(func() error {
				if f.interrupted || f.interruptions != before { // it may be of another history
					return nil
				}
				return f.late(d.event, event)
			})
		default:
			from = event.ModifiedIndex() + 1
			continue
		}
		if pause.Wait(ctx, ctx) != nil {
			return
		}
	}
}

// isGap reports whether an event that was not delivered shows that there is a gap before that of d. The deletion of a
// directory is in the history of all that could be below it, but does not happen to what does not exist.
func (f *follower) isGap(event Event, d delivery) bool {
	return f.watch.Concerns(event.Key()) && (d.there || !f.watch.Above(event.Key()))
}

// shows notes what a delivered event shows of the watched key: whether it exists now.
func (f *follower) shows(event Event) { f.there = !event.Gone() || !f.watch.AtOrAbove(event.Key()) }

// find returns the first event from an index on.
func (f *follower) find(ctx context.Context, from uint64) (Event, Kind, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answer, err := f.watch.Source.Poll(ctx, from, false, func(bool) {})
	if err != nil {
		return nil, f.watch.Source.Kind(err), err
	}
	defer answer.Close()
	event, err := answer.Next()
	return event, Passing, err
}
