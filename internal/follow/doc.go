// Package follow is the engine of a watch: it follows the events of a server in order, leaves none out and
// delivers none twice, as fast as the server writes. It knows indexes and events, and neither HTTP, JSON,
// keys nor members: a [Source] asks for it, and a [Watch] says what to follow and whom to tell.
//
// # Steps
//
// Polls and the stream run in goroutines of their own. Each does the step that follows from what it has
// found, delivery included, by follower.do: an event waits for no other goroutine to wake up. Steps are done
// one at a time. What may be delivered is one rule, follower.first: the answer to a poll from an index that
// everything is delivered before, or what a stream brings that all before its start has been delivered for.
//
//	follower.go   the steps, what to ask for (arm), what to deliver (settle, first)
//	position.go   how far the watch has come, and in which history
//	poll.go       one poll, and when its silence proves something
//	polls.go      what follows from a poll's header, event or failure
//	stream.go     the stream, and when it is trusted no longer
//	blindspot.go  the second poll that etcd 2.3.0 to 3.0.17 need
//	timer.go      what is concluded from silence, with each tick
//	pace.go       how much to ask for, and when to ask again
//	timing.go     all times
//
// # Why it is right
//
// A poll from index i returns the first event at or behind i, out of the history or when it happens. So polls
// from consecutive indexes miss nothing together, whatever lies between. How many are open depends on how far
// the server is ahead, and on how many of its events are the watch's.
//
// An empty poll proves nothing until it has lasted a second: the server sends the header first and an event
// from its history right behind, and the connection may break in between. The second is counted in ticks,
// each of which comes after what has arrived was read: a process that was stopped has lost no event when it
// wakes, only time. And the second counts only from when the member has answered a question asked after the
// header: it may have been stopped right behind that.
//
// A stream begins from now, since one begun in the past brings one event and then none. It is trusted only as
// long as a poll ahead of it, the sentinel, sees nothing that it does not bring: the server detaches slow
// readers silently.
//
// A quiet poll is made again beside the old one, which stays until the new one has been silent for a second.
// That proves from the history that the old one missed nothing. If the history has moved on meanwhile, the
// old one is trusted: it was open all the time, on a member that the pulse found well.
//
// Events of hidden nodes are dropped when they come out of the history, as the server drops them live: what a
// watch sees must not depend on how it was asked for.
package follow
