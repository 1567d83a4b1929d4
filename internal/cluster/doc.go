// Package cluster sends requests to the members of one etcd cluster: it chooses the member, makes the
// attempts, decides what comes after one that failed, and watches over the members on which requests wait. It
// knows HTTP, but neither keys nor JSON: a [Call] brings the request, says what the caller intends, and reads
// the reply, which it sorts into a [Verdict].
//
// A call takes this way:
//
//	Do         admits it, and asks for members if there are none yet         cluster.go
//	failover   names the member to try next, and how many are left           failover.go, members.go
//	attempt    sends the request once, within its share of the time          try.go, attempt.go
//	Answer     reads the reply and returns a Verdict                         the caller's
//	Do         returns the verdict, or goes on with the next member          cluster.go: mayGoOn
//
// # Failover
//
// The policy is [Cluster.mayGoOn] and goes by verdicts only: a read goes on after any attempt that settled
// nothing, a write only if nothing of it can have been sent. It sits beneath the requests that are made from
// the API's description, and not in an http.RoundTripper, which may not interpret replies, nor in each verb,
// where the same rule would stand many times.
//
// A deadline is divided by the members still to try, those set aside not counted while there are others. A
// read keeps one part more for another round, since a member without a leader may hang and then answer at
// once when asked again. Half of an attempt is for connecting. So a member that hangs costs one call its
// share, and the next call nothing.
//
// An attempt calls the transport, not http.Client.Do, whose redirects, cookies and time limits are not used
// here, unless the client that was given has cookies or a transport of its own kind. HTTP/1.1 only: an
// attempt that is given up closes its connection; on HTTP/2 all requests would go on sharing one that leads
// to a dead member.
//
// A write counts as not sent if net/http took no connection for it (httptrace), or took one and asked for
// another, which it does by itself only if not a byte was written. With a transport that does not report
// that, every failed write is in doubt. A server's TLS alert on a new connection counts as its refusal of the
// client's certificate, so that nothing was read.
//
// # Pulse and leaps
//
// A request that waits is silent for as long as nothing changes, which looks the same if its member hangs,
// has lost the cluster, cannot be reached, or has skipped changes. So the pulse asks such a member three
// things: whether it serves (a member that lost the cluster keeps requests open and silent), its index, and,
// by a poll of everything from 500 indexes ahead on, when that begins to move. The first two it asks only
// where a request has waited for a while: beside requests that bring events they cost latency and tell
// nothing. A leap of more than 4,000 between two looks may be a snapshot, which hides at least 5,000 entries;
// requests that were open before it end and are made again by their owner. The same few questions serve all
// requests of a client.
package cluster
