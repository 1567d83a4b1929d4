// Package locking is locks of a cluster, kept in etcd: a Mutex, an RWMutex and a Semaphore.
//
//	mutex := locking.NewMutex(client, "/locks/reports", locking.WithTTL(30*time.Second))
//	lock, err := mutex.Lock(ctx)
//	if err != nil {
//		return err
//	}
//	defer lock.Unlock(context.WithoutCancel(ctx))
//	return makeReports(lock.Context(), lock.Token())
//
// Or, in one: Do. Work under a lock with lock.Context(), which ends when the lock is lost, and let what you
// change compare lock.Token(): see below.
//
// # How it works
//
// Each Lock creates a key of its own in the lock's directory, with a name that nobody has had before, and
// keeps it alive. Contenders stand in line in the order in which their keys were created. A contender that is
// not first waits for the key before its own to go, and then reads the line again, through the cluster's
// consensus. Every further write on the key is guarded by the index of the one before, and so is its
// deletion. When nobody is left, the directory is removed.
//
// The value of a key is JSON: value, see WithValue, id, and identity, shared, held, limit and former where they
// apply. WithPythonLayout and WithSingleKey are for locks that other programs take, too.
//
// # Guarantees
//
//   - While lock.Context() has not ended, nobody else holds the lock, except in the cases below. Without
//     renewals the lock lasts for its TTL, counted from before the last renewal was sent, by this process's
//     monotonic clock; the Context ends a tenth of the TTL before the server can let the lock expire.
//   - Tokens grow: each is greater than those of all who held the lock before.
//   - Contenders get the lock in the order of their Tokens.
//   - A contender that gives up, because of ctx, an error or TryLock, leaves nothing behind, at whichever
//     request that happens. It takes up to three seconds more for that if the cluster does not answer; if it
//     does not answer even then, what is left lasts for the TTL.
//   - A lock is not freed twice, and never another's: a deletion names the index of the last renewal.
//   - Unlock and Do report ErrLost if the lock was lost before, also if the process was stopped meanwhile.
//   - Waiting outlives the TTL, failures of members and connections, and any number of writes on other keys.
//     It costs four requests for each hand-over, however many wait, besides the renewals, and, every ten
//     seconds or each TTL if that is longer, a look at the line.
//   - A contender that waits holds nothing, and one that is told that it holds the lock does: a Lock that
//     returns without error has seen itself at the head of the line with a key that had not expired.
//
// # What is not guaranteed
//
// A process can be stopped at any moment, by its garbage collector, a debugger, a virtual machine's pause,
// and go on after its lock has expired, before it sees that its context has ended. Its clock may stand still
// meanwhile: the monotonic clock of Linux does, when the machine is suspended. A write may be on its way for
// longer than the TTL. No lock can prevent what such a process does then.
//
//   - So only the resource itself can keep a late holder out: by refusing whoever comes with a smaller Token
//     than it has seen. Where the resource is a key in the same etcd, Example_fencingToken shows how.
//   - The TTL is kept by the clocks of the members: the one that takes a renewal stamps the time of expiry,
//     and the leader goes by it. If they differ by more than a tenth of the TTL, a holder that is cut off can
//     learn too late that it has lost the lock.
//   - When an operator deletes a holder's key, or the lock's directory, the next in line may begin a moment
//     before the holder learns of it. So it is when a process of the same identity takes over.
//   - A request to join the line that hangs on its way, in a member that is frozen for one, can still be
//     carried out after its contender has given up or unlocked. That key is nobody's, and is in the way of
//     those who come after it until its TTL has passed.
//   - A WithoutTTL lock given up in the moment in which it is got, while the cluster does not answer, may
//     last until somebody deletes its key.
//   - A Mutex is not reentrant: a program that locks it twice waits for itself.
//
// # Errors
//
// If its context ends a call, errors.Is(err, ctx.Err()) holds, as in package etcd: the context's cause is only
// in the error's text, and nothing is concluded from it. So a call of package etcd that the loss of a lock
// ends, because it was made with lock.Context(), fails with context.Canceled; context.Cause(lock.Context())
// says that the lock was lost.
//
// # Rules
//
// All who use a lock must use the same kind of lock, of the same layout, and a Semaphore the same limit: see
// ErrOtherLimit. Directories above that of the lock are made where they are missing, and left. A user of etcd
// needs the right to read and write the directory and all below it. Where the lock's directory has expired,
// been deleted or overwritten, locks are lost, and waiters queue up anew.
package locking
