// Package etcd is a client for the v2 HTTP API of etcd: keys and directories, compare-and-swap, TTLs and
// watches, on servers from etcd 0.4 to 3.5.
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
// The go doc command does not show the examples. They are at pkg.go.dev and, in a clone, in etcd/*example*_test.go.
//
// # Which call
//
//	I want to                            call
//
//	connect to a cluster                 etcd.New(etcd.Config{Endpoints: endpoints})
//	connect with TLS                     etcd.TLSFiles{CA: "ca.pem"}.Config()
//	read a key, or list a directory      client.Get(ctx, key)
//	read everything below a directory    client.Get(ctx, dir, etcd.WithRecursive())
//	read the latest value                client.Get(ctx, key, etcd.WithQuorum())
//	ask whether a key exists             client.Exists(ctx, key)
//	write a key                          client.Set(ctx, key, value)
//	write a key that expires             client.Set(ctx, key, value, etcd.WithTTL(ttl))
//	create a key that must not exist     client.Create(ctx, key, value)
//	create it, and know the outcome      client.Create(ctx, key, value, etcd.WithUniqueValue())
//	change a key that must exist         client.Update(ctx, key, value)
//	replace a value that I know          client.CompareAndSwap(ctx, key, value, etcd.Prev{Value: old})
//	compute a value from the old one     client.Modify(ctx, key, change, etcd.WithCreate())
//	give a key more time                 client.Refresh(ctx, key, ttl)
//	keep a key alive while I run         client.Register(ctx, key, value, ttl)
//	append to a queue                    client.CreateInOrder(ctx, dir, value)
//	take from a queue                    client.CompareAndDelete(ctx, job.Key, etcd.Prev{Index: job.ModifiedIndex})
//	make a directory                     client.CreateDir(ctx, dir)
//	delete a key                         client.Delete(ctx, key)
//	delete a directory                   client.Delete(ctx, dir, etcd.WithRecursive())
//	delete a key if it is unchanged      client.CompareAndDelete(ctx, key, etcd.Prev{Index: index})
//	follow changes from now on           client.Watch(ctx, dir, etcd.WithRecursive())
//	read, then follow changes            client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithCurrent())
//	resume after a response              client.Watch(ctx, key, etcd.WithAfterResponse(resp))
//	resume after a restart               client.Watch(ctx, key, etcd.WithAfterResponse(&stored))
//	wait for one change                  client.WatchOnce(ctx, key)
//	keep a directory in memory           client.Mirror(ctx, dir)
//	pass an option on a condition        etcd.If(fresh, etcd.WithQuorum())
//	decide whether to retry              etcd.Retryable(err)
//	see what happens beneath calls       etcd.Config{Observer: etcd.LogObserver(nil)}
//	ask how the members are              client.Health(ctx)
//	add a member                         client.AddMember(ctx, peerURL)
//	manage users and roles               client.Auth()
//	work under a lock                    locking.Do(ctx, locking.NewMutex(client, dir), work)
//	lead while I am elected              election.New(client, dir).Run(ctx, name, asLeader)
//
// # Keys and values
//
// A key is a path; its leading slash may be left out. A trailing slash does not make it another key, but matters
// if authentication is on; see Permissions. A segment may be any text except the empty one, "." and "..".
// Values are text. Keys and values that are not valid UTF-8 are refused, because etcd would change them; encode
// binary data. What etcd cannot store or would misread is ErrInvalidArgument, and nothing is sent.
//
// The root, "/", can be read and watched, and CreateInOrder can use it, but it cannot be written. A key whose
// last segment begins with "_" is hidden: it is not listed, but anyone that knows it can read it.
//
// # Errors
//
// Compare errors with errors.Is(err, etcd.ErrKeyNotFound) and the like. An *Error is the refusal of a member. A
// *ClusterError means that no member gave a usable answer; it lists every attempt. ErrOutcomeUnknown means that
// a failed write may have been applied. If a write fails with any other error, it was not applied. ErrNotSupported
// means that no member supports the call.
//
// If its context ends a call, errors.Is(err, ctx.Err()) is true: the error unwraps to context.Canceled or
// context.DeadlineExceeded. The context's cause is only in the error's text, because a cause can be the error of
// another call: errgroup.WithContext cancels with one. If Close ends a call, the error is ErrClosed. If both do,
// the context counts.
//
// # What to rely on
//
//   - Client describes failover: which member a call goes to, and when a write goes to another one.
//   - Config describes the cluster's members, its ID, timeouts and credentials.
//   - WithQuorum describes how current a read is, WithTTL when keys expire.
//   - WithUniqueValue settles ErrOutcomeUnknown for the writes that allow it.
//   - Client.Watch describes what a watch delivers and what it cannot see, and Mirror what a mirror shows.
package etcd
