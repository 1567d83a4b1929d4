// Package follow is the engine of a watch. It delivers the events of a server in order, omits none and
// delivers none twice, as fast as the server writes. It knows indexes and events, but not HTTP, JSON, keys or
// members: a [Source] makes its requests, and a [Watch] says what to follow and which functions to call.
//
// # Steps
//
// Polls and the stream run in their own goroutines. Each goroutine calls follower.do for the step that
// follows from what it has received, including delivery, so that an event does not wait for another goroutine
// to wake up. Steps run one at a time. One rule, follower.first, determines what may be delivered: the event
// of a poll if all events before the index of the poll have been delivered, or an event of the stream if all
// events up to the start of the stream have been delivered.
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
// A poll from index i returns the first event at or after i, from the history or when it happens. So polls
// from consecutive indexes together miss nothing, whatever lies between. The number of open polls depends on
// how far the server is ahead, and on how many of its events belong to the watch.
//
// A poll without an event proves nothing until it has lasted a second: the server sends the header first and
// an event from its history right after it, and the connection may break in between. The second is counted in
// ticks. Each tick comes after everything that had arrived was read, so a process that was stopped has lost
// no event when it resumes, only time. The second begins when the member has answered a question that was
// asked after the header, because the member may have been stopped right after it sent the header.
//
// A stream begins from now, because a stream that begins in the past yields one event and then none. It is
// trusted only as long as the sentinel, a poll ahead of it, sees nothing that the stream does not: the server
// silently detaches slow readers.
//
// A quiet poll is made again while the old one stays open, until the new one has been silent for a second.
// This proves from the history that the old one missed nothing. If the history has moved on in the meantime,
// the old one is trusted: it was open all the time, on a member that the pulse found healthy.
//
// Events of hidden nodes are dropped if they come from the history, because the server drops them when they
// happen: what a watch sees must not depend on how it was requested.
package follow
