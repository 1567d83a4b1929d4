// Package cluster sends requests to the members of one etcd cluster. It chooses the member, makes the
// attempts, decides what follows a failed attempt, and monitors the members on which requests wait. It knows
// HTTP, but neither keys nor JSON: a [Call] carries the request and the intent of the caller, and sorts each
// reply into a [Verdict].
//
// A call goes through these steps:
//
//	Do         admits it, and asks for members if there are none yet         cluster.go
//	enter      waits while Config.MaxInFlight calls are in flight             lane.go
//	failover   names the member to try next, and how many are left           failover.go, members.go
//	vet        asks a member that is not proven, before a write goes there    vet.go
//	attempt    sends the request once, within its share of the time          try.go, attempt.go
//	Answer     reads the reply and returns a Verdict                         the caller's
//	Do         returns the verdict, or goes on with the next member          cluster.go: mayGoOn
//
// # Failover
//
// The policy is [Cluster.mayGoOn]. It depends only on verdicts: a read goes to the next member after any
// attempt that settled nothing, a write only if no part of it can have been sent, or if the server does not
// serve such requests. The policy is implemented below the requests that are generated from the API's
// description. It is not in an http.RoundTripper, because a RoundTripper must not interpret replies, and not
// in each verb, because the rule would then be repeated many times.
//
// # Conclusions
//
// Each conclusion is bound to what it comes from:
//
//   - Author: the header of a reply shows the cluster's ID, and the [Answer] decides by the body whether etcd
//     wrote the reply. Only such a reply teaches the ID, the highest index, and that a member is proven. A
//     later reply with another ID contradicts it.
//   - Proven: etcd of the cluster has answered at the member, and no attempt has failed there since. A write
//     goes to such a member, or, after a question for the index, to one that becomes so. In the last round it
//     goes to any member, because a gateway may refuse the question and let writes pass.
//   - NotServed: the server says that it does not serve the request. For a write, a HEAD of the same path must
//     say so again: a gateway that had passed the write on would have passed the HEAD on, too.
//   - "Not there": the member has reached the highest index that the cluster has reported. Otherwise
//     [Verdict.Instead] is a request that settles it.
//   - NotSent: see below.
//
// # Attempts
//
// A deadline is divided among the members still to try. Members that are set aside do not count while there
// are others. A read reserves one more part for another round, because a member without a leader may hang and
// then answer at once when it is asked again. Half of the time of an attempt is for connecting. So a member
// that hangs costs one call its share, and the next call nothing.
//
// An attempt calls the transport and not http.Client.Do, because the redirects, cookies and timeouts of Do
// are not used here. It calls Do only if the configured client has a cookie jar or a transport other than
// *http.Transport. The cluster's own transport uses only HTTP/1.1, where an abandoned attempt closes its
// connection. With HTTP/2, all requests would continue to share a connection that leads to a dead member.
//
// A write counts as not sent if, according to httptrace, net/http got no connection for it, or got one and
// then asked for another, which net/http does by itself only if no byte was written. The same is true if the
// cluster's own connection shows that no write had begun on it; then none can begin later. With a transport that
// does not report this, the outcome of every failed write is unknown. A transport that wraps an *http.Transport
// and names it with Unwrap reports it, but may send a request more than once: a write whose header it has written
// once counts as sent. A TLS alert from the server about the
// client's certificate, on a new connection with TLS 1.3, counts as a refusal of the certificate: the server
// has read nothing.
//
// # Own failures
//
// What goes wrong in this process says nothing about a member; see own.go. A connection that cannot be opened,
// because the process or its host is out of files, buffers, memory or ports, counts as not sent. The call goes
// once through the members, because one of them may have an idle connection, and returns the reason. If an
// attempt has ended long after its time limit, this process did not run, and the reply may have been there. In
// both cases the member is not set aside, and the pulse concludes nothing.
//
// A process that is out of files must still renew its locks. So vital calls, which renew a TTL, have connections
// that no poll can take and keep, and that they share with the questions of the pulse. The first write that makes a
// key with a TTL opens one; see reserve.go.
//
// # Pulse and leaps
//
// A request that waits is silent as long as nothing changes. It is just as silent if its member hangs, has
// lost the cluster, cannot be reached, or has skipped changes. So the pulse must know of such a member
//
//   - whether it serves, because a member that has lost the cluster keeps requests open and silent,
//   - what its index is,
//   - when the index begins to move, which a poll of all keys from 900 indexes ahead on shows.
//
// An index that is higher than all before answers the first question, too: a member applies changes only while
// it has a leader. Headers and events of the requests that wait tell the index. So the pulse asks a member only
// if it has shown nothing for an interval, first for its index and, if that has not moved, whether it serves.
// The answer may take nine tenths of an interval. So a member is left within two intervals after it has last
// shown that it serves, whatever has shown it.
//
// A leap of more than 4,000 indexes between two looks may be a snapshot, which hides at least 5,000 entries.
// Requests that were open before the leap end, and their owners make them again. The same few questions serve
// all requests of a client.
//
// The entries that a snapshot hides may be few changes. Then the index does not leap, and the requests stay open. The
// index of the log in the header of the next request shows that there may have been a snapshot, and costs no request;
// see skips.go. What remains is a snapshot that a member had received and not applied when the first of the two
// requests arrived, a member that has just received one itself and, on etcd 2, does not count it yet, and a gateway
// that removes X-Raft-Index.
package cluster
