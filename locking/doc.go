// Package locking provides locks for a cluster of processes, kept in etcd: a Mutex, an RWMutex and a Semaphore.
//
//	mutex := locking.NewMutex(client, "/locks/reports", locking.WithTTL(30*time.Second))
//	lock, err := mutex.Lock(ctx)
//	if err != nil {
//		return err
//	}
//	defer lock.Unlock(context.WithoutCancel(ctx))
//	return makeReports(lock.Context(), lock.Token())
//
// Do does the same in one call. Work under a lock with lock.Context(), which ends when the lock is lost, and let
// the resource that you change compare lock.Token(); see below.
//
// # How it works
//
// Each Lock creates a key of its own in the lock's directory, with a name that was never used before, and keeps
// it alive. Contenders queue up in the order in which their keys were created. The names do not sort: the holder
// is the contender whose key has the lowest createdIndex, and Mutex.Holder returns it. A contender that is not the
// first waits until the key before its own is deleted, and then reads the queue again, through the cluster's
// consensus. Every further write to the key, and its deletion, is guarded by the index of the write before. The
// last contender to leave deletes the directory.
//
// The value of a key is JSON with the fields value (see WithValue), id and, if they apply, identity, shared,
// held, limit and former. WithPythonLayout and WithSingleKey are for locks that other programs take as well.
//
// # Guarantees
//
//   - While lock.Context() has not ended, nobody else holds the lock, except in the cases below. Without
//     renewals the lock lasts for its TTL, counted from before the last renewal was sent, by this process's
//     monotonic clock. The Context ends a tenth of the TTL before the server can let the lock expire.
//   - Tokens grow: each is greater than those of all earlier holders.
//   - Contenders get the lock in the order of their Tokens.
//   - A contender that gives up, because of ctx, an error or TryLock, leaves nothing behind, whichever request
//     was in flight. If the cluster does not answer, this takes up to six seconds longer: three for the request in
//     flight, and three to remove what it has made. If the cluster does not answer even then, what is left expires
//     with its TTL.
//   - A lock is never unlocked twice, and never in place of another lock: a deletion names the index of the last
//     renewal.
//   - Unlock and Do report ErrLost if the lock was lost before, even if the process was stopped in the meantime.
//   - Waiting outlives the TTL, failures of members and connections, and any number of writes to other keys. It
//     costs four requests for each hand-over, however many contenders wait, besides the renewals and a look at
//     the queue every ten seconds, or every TTL if that is longer.
//   - A contender that waits does not hold the lock, and a contender whose Lock has returned without an error
//     does: it has seen itself at the head of the queue with a key that had not expired.
//
// # What is not guaranteed
//
// A process can be stopped at any moment, by its garbage collector, a debugger or a pause of its virtual
// machine, and resume after its lock has expired, before it sees that its context has ended. Its clock may stand
// still in the meantime: the monotonic clock of Linux does while the machine is suspended. A write may be in
// flight for longer than the TTL. No lock can prevent what such a process does then.
//
//   - So only the resource itself can keep out a late holder, by refusing a Token that is smaller than one it
//     has seen. The section Fencing shows how.
//   - The clocks of the members determine when a TTL ends: the member that takes a renewal stamps the time of
//     expiry, and the leader acts on it. If they differ by more than a tenth of the TTL, a holder that is cut
//     off can learn too late that it has lost the lock.
//   - If an operator deletes a holder's key, or the lock's directory, the next contender may begin a moment
//     before the holder learns of it. The same is true if a process with the same identity takes over.
//   - If a request to join the queue hangs on its way, for example in a frozen member, it can still be applied
//     after its contender has given up or unlocked. That key belongs to nobody, and blocks the contenders after
//     it until its TTL has passed.
//   - If a lock WithoutTTL is given up at the moment in which it is acquired, while the cluster does not answer,
//     it may last until somebody deletes its key.
//   - A Mutex is not reentrant: a program that locks it twice waits for itself.
//
// # Fencing
//
// A resource stores the token with what is written, and compares and writes in one step. If the resource is a key
// in etcd, Modify is such a step:
//
//	_, err := client.Modify(ctx, "/reports/latest", func(current string) (string, error) {
//		seen, _, _ := strings.Cut(current, " ")
//		if last, _ := strconv.ParseUint(seen, 10, 64); last > lock.Token() {
//			return "", errors.New("another process has had the lock since")
//		}
//		return fmt.Sprintf("%d %s", lock.Token(), report), nil
//	}, etcd.WithCreate())
//
// The example fencingToken, in locking/example_test.go, is a whole program.
//
// # Errors
//
// If its context ends a call, errors.Is(err, ctx.Err()) is true, as in package etcd. The context's cause is only
// in the error's text, and has no other effect. So if the loss of a lock ends a call of package etcd that was
// made with lock.Context(), the call fails with context.Canceled, and context.Cause(lock.Context()) says that
// the lock was lost.
//
// # Rules
//
// All users of a lock must use the same kind of lock with the same layout, and the same limit for a Semaphore;
// see ErrOtherLimit. Missing directories above that of the lock are created, and are never deleted. With
// authentication, the client needs permission to read and write the directory and everything below it. If the
// lock's directory expires or is deleted or overwritten, its locks are lost, and waiters join the queue again.
//
// Locks leave entries of the v2 API in the cluster's log: their writes do, and so do their quorum reads, with which
// Holder looks at the queue too. Etcd 3.6 does not start while its log has one; docs/leaving.md says how to leave v2.
package locking
