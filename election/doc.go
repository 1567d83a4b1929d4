// Package election elects one leader among candidates, and shows to all who it is. A leader is the holder of a
// lock whose value is published. See package locking for how that works, what is guaranteed, and what only a
// fencing token protects from.
//
//	e := election.New(client, "/mysql", election.WithTTL(10*time.Second))
//	err := e.Run(ctx, "db-1", func(ctx context.Context, term *election.Term) error {
//		return lead(ctx, term.Token()) // until ctx is done
//	})
//
// Other processes follow the leader with Observe:
//
//	for leader, err := range e.Observe(ctx) {
//		if err != nil {
//			return err
//		}
//		connectTo(leader.Name)
//	}
//
// The name of a candidate is any text that others are to know the leader by. It can be the leader's address. If
// the address is known only later, Term.Proclaim publishes it.
//
// # Guarantees
//
//   - While a term's Context has not ended, nobody else leads, within the limits of package locking.
//   - Tokens grow from term to term, and candidates are elected in the order in which they came.
//   - If a leader dies, the next candidate follows within the TTL and about half a second.
//   - Observers see the leaders in the order of their terms. They see every leader whose events are in the
//     server's history of 1,000 events when they read it. If the history was cleared before, they read who leads
//     then.
//
// # What is not guaranteed
//
//   - That an observer learns of a change at the same time as the candidates. It may see the old leader for a
//     moment longer, or see the new leader before that leader knows of its election.
//   - That a leader stops in time if its process is paused. Pass the term's Token to what the leader changes.
//   - Without a TTL, that a leader that has died is replaced. Call Remove, or resume its term with WithIdentity.
//
// # Errors
//
// If its context ends a call, errors.Is(err, ctx.Err()) is true, as in package etcd. The context's cause is only
// in the error's text.
package election
