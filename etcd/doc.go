// Package etcd is a client for the v2 HTTP API of etcd: keys and directories, compare-and-swap,
// watches, TTLs, on servers from etcd 2.0 to the last 3.5.
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
// A key is a path; its leading slash may be left out, and one trailing slash is dropped. Between
// slashes any text will do, but for the empty one, "." and "..". Values are text: keys and
// values that are not valid UTF-8 are refused, since etcd would change them; encode binary data.
// What cannot be sent is ErrInvalidArgument, and nothing has been sent then.
//
// The root cannot be written: "/" is for reading, watching and CreateInOrder. A key whose last
// segment begins with "_" is hidden: it is not listed, but can be read by who knows it.
//
// # Errors
//
// errors.Is(err, etcd.ErrKeyNotFound) and its like ask what the server said; an *Error has the
// details. A *ClusterError says that no member gave a usable answer, and lists every attempt.
//
// # Failover
//
// A call begins with the member that answered last; at first, with one chosen at random or, with
// SelectLeader, with the leader. What happens then is decided by these rules:
//
//   - An attempt takes no longer than Config.AttemptTimeout, and no more than an even part of what is
//     left of the caller's deadline for each member still to try; of a read's time one more part is kept
//     for a second round. Half of an attempt is for connecting.
//   - A read (Get, Exists, Watch, Machines, Leader, Version) goes to the next member after any
//     failure: no connection, no answer, a cut reply, a 5xx, an answer from another cluster. So it
//     does when a member's own copy says that a key is not there, but is known to be behind.
//   - A write goes to the next member only if nothing of it can have been sent: there was no
//     connection to send it on. It is never sent twice otherwise.
//   - A write that was sent and not answered, or answered with a 5xx, has failed with
//     ErrOutcomeUnknown: it may have been applied, or may be yet. Etcd's own time-out (code 300) is
//     such an answer. WithUniqueValue settles it for the writes that allow it; for the others,
//     read with WithQuorum to learn what happened.
//   - Any other error of a write means that it was not applied.
//   - A member that has failed is set aside, for half a second at first and longer each time, up to
//     half a minute, and not tried as long as there are others. Where all are set aside all are tried.
//   - When all members have been tried and there is still something to go on for, there is a short
//     pause and another round, three in all at most, and none after AttemptTimeout has passed. The
//     end of ctx ends the call.
//   - Redirects are not followed: Go's http.Client would turn a redirected PUT into a GET. The one
//     exception is that of an etcd 0.x follower to its leader, if that is a known member.
//
// # Members
//
// Requests go to Config.Endpoints and to what Config.Discovery finds. Sync, or SyncInterval in the
// background, adds the members that the cluster names and that answer here; it never takes a
// configured one away. Without them the list is static: right where endpoints are proxies.
//
// Every answer on keys tells its cluster's ID. By default the client keeps to the cluster that
// answered first; with Config.ClusterID it keeps to that one. Anything else is ErrWrongCluster,
// found in the reply's header before its body is used. So a cluster that is built anew needs a new
// client, or AnyCluster.
//
// Credentials go to configured members, and to those that the cluster names and that speak the same
// scheme as a configured one.
//
// # Reads
//
// A read without WithQuorum is answered from the member's own copy, which may be behind, and which
// a member that is cut off goes on answering from. A read with WithQuorum sees every write
// acknowledged before it began. Modify, UpdateDir and Update with WithKeepTTL read so by themselves.
//
// # Watches
//
// Watch delivers every event of its key behind the starting point, in order and once, across
// failures of members and connections, or ends with an error that says why not. It polls: a poll
// lasts as long as Config.PollTimeout, and going on costs a request an event.
//
// Not guaranteed:
//
//   - That it keeps up. The server remembers 1,000 events of all keys together; a watch that falls
//     further behind ends with ErrEventIndexCleared.
//   - That it sees what its member skips. A member that was away for thousands of writes catches up by
//     a snapshot, and an open poll on it is told nothing of what lies between.
//   - That it notices at once when its member is cut off from the others: such a member keeps the poll
//     open and silent. A poll's end is when that shows.
//   - On etcd 2.3.0 to 3.0.17, that a recursive watch sees changes of the watched key itself, when
//     it looks back: the server leaves them out. Changes below it are seen.
//
// # TTLs
//
// Etcd counts whole seconds; durations are rounded up, and less than a second is refused. Keys
// expire within about half a second after their time, by the clock of the member that took the write,
// and not at all while the cluster has no leader: a Node with a TTL of zero or less and an
// Expiration has expired.
package etcd
