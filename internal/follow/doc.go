// Package follow is the engine of a watch. It delivers the events of a server in order, omits none and
// delivers none twice, as fast as the server writes. It knows indexes and events, but not HTTP, JSON, keys or
// members: a [Source] makes its requests, and a [Watch] says what to follow and which functions to call.
//
// # Steps
//
// Polls and the stream run in their own goroutines. Each goroutine calls follower.do for the step that
// follows from what it has received, including delivery, so that an event does not wait for another goroutine
// to wake up. Steps run one at a time. What a step does depends only on the state and on what has arrived, so
// the tests drive the engine like a state machine, in virtual time.
//
//	follower.go   the steps, what to ask for (arm), what to deliver (settle, first)
//	position.go   how far the watch has come, and in which history
//	poll.go       one poll
//	budget.go     how many polls all watches of a client may have open ahead of their bases
//	polls.go      what follows from a poll's header, event, failure or end
//	stream.go     the stream, and when it is trusted no longer
//	audit.go      the search for what a snapshot may have hidden before an event
//	blindspot.go  the second poll that etcd 2.3.0 to 3.0.17 need
//	timer.go      what is concluded, with each tick, and when polls are made again
//	pace.go       how much to ask for, and when to ask again
//	timing.go     all times
//
// # Delivery
//
// A poll from index i returns the first event at or after i, from the history or when it happens. So polls
// from consecutive indexes together miss nothing, whatever lies between. The number of open polls depends on
// how far the server is ahead, and on how many of its events belong to the watch. A stream begins from now,
// because a stream that begins in the past yields one event and then none. It is trusted only as long as the
// sentinel, a poll ahead of it, sees nothing that the stream does not: the server silently detaches slow
// readers.
//
// There is one rule, follower.first: the next event is the earliest that a poll from the base or before it has
// returned, or the stream, if it began before the base. Nothing is deduced from silence there, unless the base
// itself was.
//
// Events of hidden nodes are dropped if they come from the history, because the server drops them when they
// happen: what a watch sees must not depend on how it was requested.
//
// # Conclusions
//
// A watch has two positions. Every event up to "delivered" has been delivered. Between there and "proven"
// there seems to be nothing; the base is the index after that. Polls begin after delivered, as long as the
// history is sure to reach back so far, and at the base otherwise. So a wrong conclusion does no harm on a
// server that writes little: the next poll finds what was missed.
//
// A member that answers a question says nothing about what another connection has not brought. So the engine
// concludes from a connection only what that connection shows. A poll that a newer one replaces is asked to end
// ([Answer].Finish). Its member then sends what it has still to send, and the end, on the same connection.
//
//	conclusion                          evidence                               contradicted by, and then
//	nothing up to the index at which    the older poll waited silently for a   a late answer of an older poll: it
//	a newer poll arrived                second, was asked to end, and ended    is delivered if nothing behind it
//	                                    without an event; its member had       has been, else the watch ends
//	                                    come to that index, because the        (Source.Missed)
//	                                    newer poll arrived there, too, or
//	                                    because the member has told
//	nothing up to the index at which    the same, of a member that does not    the same
//	the older poll arrived              tell, or lags for ten seconds
//	the same up to the index of the     a newer poll, on another connection,   the same
//	older poll, if the end could not    has been silent, too; a proxy may
//	be had: the connection broke        break connections that are to end,
//	                                    and does so within a second
//	nothing was missed although the     the poll that was open all the time    as above; if there is no end, the
//	history has moved on                ended without an event, after its      watch ends as Cleared
//	                                    member had told that it had come to
//	                                    where the poll from now began
//	there is nothing before an event    the next header, of a member that has  an audit of the history: if that
//	that a poll has waited for          the event, shows that there can have   has what was not delivered, the
//	                                    been no snapshot in between            watch ends (Source.Missed)
//	nothing of the key itself (2.3)     the key poll ended without an event    as above
//	the same                            two key polls, or four if others get   as above
//	                                    theirs, were silent without a header:
//	                                    a proxy may hold headers back
//	the stream has missed nothing       the sentinel sees nothing new          the sentinel's event: polls from
//	                                                                           delivered on take over
//	the history is the same             no interruption since, each header     Source.CheckHistory after each
//	                                    had the raft term of what was known    interruption; until then nothing
//	                                    before, and each poll came while       is delivered, and what comes is
//	                                    another one waited, or within half     asked for again; the watch ends
//	                                    a second; or Source.CheckHistory has
//	                                    found what was seen before
//
// A poll that was asked to end and does not end shows nothing, however long it is silent, and neither does one
// that this side has ended ([Answer].Cut), because its member answers no question. A late answer counts
// for a minute, which is the longest that an answer may be late.
//
// That there may have been a snapshot ends nothing, because usually much has happened and there was none. So what
// is not noticed is
//
//   - what two connections, one after the other, have lost without a word before they broke off, behind a proxy
//     that breaks connections that are to end;
//   - that an answer was on its way while the cluster was made anew, if the next poll takes less than half a second,
//     and the raft terms of the two clusters are the same;
//   - what a snapshot hides that is too small for the Source to end the polls (see [Answer].MayHaveSkipped), if the
//     history does not reach back to it when the audit begins, or if the audit cannot be made within a minute;
//   - the same, if it is followed by silence, the history moves on, and the end of a poll seems to prove that
//     nothing was missed;
//   - the same on the stream, because a search for each of its events would cost more than polls;
//   - the same before the last event of a watch, which makes no further request;
//   - the same if it is an event on the watched key itself, on the servers with the blind spot, or the deletion of
//     a directory above the watched key.
//
// A request that this process could not send, because it is out of files for example, shows nothing and is no
// interruption. It is made again after a pause, while what is open stays and what it brings is delivered.
//
// A silent second is counted in ticks. Each tick comes after everything that had arrived was read, so a process
// that was stopped has lost no event when it resumes, only time. The second begins when the member has
// answered a question that was asked after the header, because the member may have been stopped right after
// it sent the header.
//
// # Polls
//
// A poll has a role and a phase. Its role is to search the history and then to wait (search), to begin from
// now, where the history does not reach back to the base any more (present), or to look for events of the key
// itself (own). A poll from now becomes one that searches when the older poll has ended and so proved that
// nothing was missed.
//
//	phase     begins                      ends
//	sent      by arm, or by a tick to     with the header: waiting; with a failure: the next poll is made
//	          replace an older poll       after a pause, and the history is checked
//	waiting   with the header             with an event: answered; when a newer poll waits, too: ending;
//	                                      with a failure: as above
//	silent    a second after the header   as waiting; a header that comes now makes it waiting
//	          or, without a sign of life
//	          from its member, 4 to 20 s
//	          after it was sent
//	ending    by replace                  with its end: something is proven; with an event: it is answered,
//	                                      or late; after a minute: dropped
//	answered  with the event              when the event, or a later one, has been delivered
package follow
