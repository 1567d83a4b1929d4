// Package election lets one of many lead, and lets everybody know who does. A leader is the holder of a lock
// whose value is published: see package locking for how that works, for what is guaranteed, and for what only
// a fencing token protects from.
//
//	e := election.New(client, "/mysql", election.WithTTL(10*time.Second))
//	err := e.Run(ctx, "db-1", func(ctx context.Context, term *election.Term) error {
//		return lead(ctx, term.Token()) // until ctx ends
//	})
//
// Others follow the leader with Observe:
//
//	for leader, err := range e.Observe(ctx) {
//		if err != nil {
//			return err
//		}
//		connectTo(leader.Name)
//	}
//
// # Guarantees
//
//   - While a term's Context has not ended, nobody else leads, within the bounds of package locking.
//   - Tokens grow from term to term, and candidates are elected in the order in which they came.
//   - A leader that dies is followed by the next candidate within the TTL and about half a second.
//   - Observers see the leaders in the order of their terms, and every one whose events are in the server's
//     history of 1,000 when they read them. When it is cleared before, they read who leads then.
//
// # Errors
//
// If its context ends a call, errors.Is(err, ctx.Err()) holds, as in package etcd: the context's cause is only
// in the error's text.
//
// # What is not guaranteed
//
//   - That an observer knows of a change at the same time as the candidates: it may see the old leader for a
//     moment longer, or the new one before that knows it itself.
//   - That a leader stops in time when its process is paused: give lead's Token to what it changes.
//   - Without a TTL, that anybody follows a leader that has died: Remove it, or resume its term with
//     WithIdentity.
package election
