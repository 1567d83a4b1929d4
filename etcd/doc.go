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
// A request goes to the member that answered last. What happens after a failed attempt:
//
//   - A read (Get, Exists, Watch, Machines, Leader, Version) goes to the next member after any
//     failure: no connection, no answer within Config.AttemptTimeout, a cut reply, a 5xx.
//   - A write goes to the next member only if nothing of it can have been sent: the connection
//     could not be made. It is never sent twice otherwise.
//   - A write that was sent and not answered, or answered with a 5xx, has failed with
//     ErrOutcomeUnknown: it may have been applied, or may be yet. Etcd's own time-out (code 300) is
//     such an answer. Read with WithQuorum to learn what happened.
//   - Any other error of a write means that it was not applied.
//   - Redirects are never followed. Go's http.Client would turn a redirected PUT into a GET.
//   - Each member is tried once a call; ctx's end ends the call.
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
