// Package etcd is a client for the v2 HTTP API of etcd: keys and directories, compare-and-swap, watches,
// TTLs, on servers from etcd 0.4 to the last 3.5.
//
//	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:2379"}})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//
//	_, err = client.Set(ctx, "/nodes/n1", "up", etcd.WithTTL(30*time.Second))
//	if err != nil {
//		return err
//	}
//	resp, err := client.Get(ctx, "/nodes", etcd.WithRecursive(), etcd.WithSorted())
//	if err != nil {
//		return err
//	}
//	for leaf := range resp.Node.Leaves() {
//		fmt.Println(leaf.Key, leaf.Value)
//	}
//
// The examples show a task each.
//
// # Keys and values
//
// A key is a path; its leading slash may be left out. A trailing one makes no other key of it, but counts
// where authentication is on: see Permissions. Between slashes any text will do, except the empty one, "."
// and "..". Values are text: keys and values that are not valid UTF-8 are refused, since etcd would change
// them; encode binary data. What cannot be sent is ErrInvalidArgument, and nothing has been sent then.
//
// The root cannot be written: "/" is for reading, watching and CreateInOrder. A key whose last segment begins
// with "_" is hidden: it is not listed, but can be read by anyone that knows it.
//
// # Errors
//
// errors.Is(err, etcd.ErrKeyNotFound) and its like ask what the server said; an *Error has the details. A
// *ClusterError says that no member gave a usable answer, and lists every attempt. ErrNotSupported says that
// no member has what was asked for; from etcd 3.4 on that is everything but Version, unless it was started
// with --enable-v2. In the text of an error, what another program wrote is truncated and escaped, and the
// credentials of the request are hidden.
//
// If its context ends a call, errors.Is(err, ctx.Err()) holds: the error unwraps to context.Canceled or
// context.DeadlineExceeded. The context's cause is only in the error's text, because a cause can be the error
// of another call: errgroup.WithContext cancels with one. If Close ends a call, the error is ErrClosed; if
// both do, the context counts. An error of a transport, a resolver or a TLS callback can be inspected, but is
// never an error of this package, whatever it wraps.
//
// # Failover
//
// A call begins with the member that answered last; at first, with one chosen at random or, with
// SelectLeader, with the leader. What happens then is decided by these rules:
//
//   - An attempt takes no longer than Config.AttemptTimeout, and no more than an even part of what is left of
//     the caller's deadline for each member still to try; of a read's time one more part is kept for a second
//     round. Half of an attempt is for connecting.
//   - A reply is an answer only if etcd of this cluster has written it, in answer to this very request: it has
//     etcd's headers, and its action, key, value and condition, or the code and the cause of a refusal, fit.
//     Everything else is a stranger's, whatever its status: the page of a gateway or a web server, the answer
//     to another request. A stranger's reply settles no write and ends no read, and its sender is set aside.
//   - A read (Get, Exists, Watch, all questions about members, users and roles) goes to the next member after
//     anything but an answer: no connection, a cut reply, a 5xx, a stranger's page, another cluster. If a
//     member says that a key does not exist, but is known to be behind, the same member is asked once more
//     with a quorum read.
//   - A write goes to the next member only if nothing of it can have been sent, because there was no
//     connection to send it on, or if the server does not serve such requests at all: it has no such path
//     (etcd 3.4 and later without --enable-v2), it is a proxy for reads or has no members, or it is a
//     follower of etcd 0.x, which names the leader. For a path that is missing, one more request makes sure.
//     A write is never sent twice otherwise.
//   - A client with several members asks one that has not answered yet, or has failed, for its index before
//     it sends a write there. So a write does not go to a server that is not etcd, or to another cluster.
//   - A write that was sent and not answered, or answered with a 5xx or by a stranger, has failed with
//     ErrOutcomeUnknown: it may have been applied, or may be yet. Etcd's own time-out (code 300) is such an
//     answer. WithUniqueValue settles it for the writes that allow it; for the others, read with WithQuorum to
//     learn what happened.
//   - Any other error of a write means that it was not applied.
//   - A member that has failed is set aside, for half a second at first and longer each time, up to half a
//     minute, and not tried as long as there are others. Where all are set aside all are tried.
//   - When all members have been tried and there is still something to go on for, there is a short pause and
//     another round, three in all at most, and none after AttemptTimeout has passed. The end of ctx ends the
//     call.
//   - Redirects are not followed: Go's http.Client would turn a redirected PUT into a GET. The one exception
//     is that of an etcd 0.x follower to its leader, if that is an endpoint or one that the follower lists.
//   - While a cluster of etcd 0.x elects a leader, a call that needs one goes on with further rounds, until
//     AttemptTimeout has passed. The error is ErrLeaderElect then, and nothing was applied.
//
// # Members
//
// Requests go to Config.Endpoints and to what Config.Discovery finds. Sync, or SyncInterval in the
// background, adds the members that the cluster names and that answer here with the cluster's ID; it never
// takes a configured one away. Without them the list is static: right where endpoints are proxies.
//
// Every answer on keys tells its cluster's ID, from etcd 2.0 on. By default the client keeps to the cluster
// that answered first; with Config.ClusterID it keeps to that one. Anything else is ErrWrongCluster, found in
// the reply's header before its body is used, and an answer on keys without an ID is a stranger's. So a
// cluster that is built anew needs a new client, or AnyCluster.
//
// Credentials go to configured members, and to those that the cluster names and that speak the same scheme as
// a configured one. SetCredentials replaces them while watches and locks run.
//
// Health and LeaderStats ask members at the URLs that these advertise, without credentials, and believe those
// that show the cluster's ID there.
//
// # Members, users and roles
//
// Members, AddMember, UpdateMember, RemoveMember, Health and the statistics look after a cluster; Auth looks
// after its users and roles. Etcd has no error codes there, so their reasons are errors of their own, such as
// ErrMemberExists and ErrRoleNotFound. Writes follow the rules above. What a server lacks is ErrNotSupported.
// Passwords are in no error, and no observer is told one.
//
// # Reads
//
// A read without WithQuorum is answered from the member's own copy, which may be behind. A member that is cut
// off keeps answering from it. A read with WithQuorum sees every write acknowledged before it began. Modify,
// UpdateDir and Update with WithKeepTTL read so by themselves.
//
// # Watches
//
// Watch delivers every event of its key behind the starting point, in order and once, across failures of
// members and connections, or ends with a *WatchError that says why it cannot:
//
//   - It follows as fast as the server can write. A quiet watch is one long poll (two, if recursive, on etcd
//     2.3.0 to 3.0.17, which hide events of the watched key itself from one). A watch that is behind has up
//     to 64 polls open, and at high rates a stream, with a poll that proves it alive.
//   - It reads ahead of the loop over it, 16 MiB at most. A loop that is slower for longer than that ends
//     with ErrEventIndexCleared when the server has forgotten what comes next: it remembers 1,000 events of
//     all keys together. Changes of other keys alone do not end a watch.
//   - Members on which watches wait are asked every Config.PulseInterval, 1 s, whether they are alive and
//     have a leader, and how far they are; one that hangs, is cut off or cannot be reached is left after two
//     intervals. When a fault of all members is over, delivery goes on within 2 s. That is two small requests
//     a second, and one more poll, for all watches of a client together; and not even the two while every
//     poll there brings events, ten a second or more.
//   - A member that catches up by a snapshot hides events from polls that are open on it. It is told by the
//     leaps of its index, or by having been cut off, and the watch then asks again: it goes on if the history
//     still has what comes next, and is ErrEventIndexCleared otherwise.
//   - A connection that is lost without a trace, as where a firewall forgets it, is noticed after 20 s by
//     TCP, where it is TCP that ends there.
//   - Every poll is made again after Config.PollTimeout at the latest, and before 500 changes have gone by,
//     if the server writes no faster than 500 a second: that proves from the history that nothing was missed.
//   - A cluster that was restored from a backup is ErrClusterRolledBack, another one ErrWrongCluster.
//
// Not guaranteed:
//
//   - That a watch behind a proxy that hides members from the client (a load balancer, nginx, the 2.x proxy)
//     sees leaps: those are its members', and what they hide shows only when a poll is made again. Nor can
//     leaps be seen where reading the root is forbidden to guests.
//   - On etcd up to 2.2, that a watch of a key sees the deletion of a directory above it, when it looks back.
//   - That events come at all from a cluster that was restored and has since caught up with the index that
//     was delivered: its ID and its index look as before.
//
// # Mirrors
//
// A Mirror is a local copy of a directory that such a watch keeps current. It answers from memory, tells what
// changes, and reads the directory again where a watch would end.
//
// # TTLs
//
// Etcd counts whole seconds; durations are rounded up, and less than a second is refused. Keys expire within
// about half a second after their time, by the clock of the member that took the write, and not at all while
// the cluster has no leader: a Node with a TTL of zero or less and an Expiration has expired.
package etcd
