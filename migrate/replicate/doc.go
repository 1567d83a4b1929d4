// Package replicate makes a cluster the live copy of an etcd v2 cluster, and moves the writers there: from v2 to etcd v3, or
// from v2 to another v2.
//
//	r, err := replicate.New(replicate.Config{
//		Source: source,                                               // *etcd.Client
//		Target: replicate.ToV3(target, replicate.V3Options{}),        // *clientv3.Client
//		Hidden: []string{"/_locks"},
//	})
//	go func() { done <- r.Run(ctx) }()
//	report, err := r.CutOver(ctx, replicate.CutOver{Rehearse: true})
//
// # What is copied
//
// Run mirrors the directories of the source (etcd.Mirror), and writes every change into the target, those of a key in their order.
// If a key changes faster than it can be written, the target gets the latest value only. The source is never locked, and its
// history of 1000 events does not matter: a mirror that has missed something reads the source again, and Run writes what differs.
//
// Etcd lists no hidden keys, those with a name that begins with an underscore. They are copied if Config.Hidden names them.
// What is hidden in a hidden key must be named, too.
//
// A key with a TTL is copied without one. When it expires in the source, it is deleted in the target. A Refresh in the source
// causes no event, so the target could not know how long a key has. At the cut-over, when no writer refreshes any more, each
// key gets the time that is left to it: a lease in v3, a TTL in v2. Both count whole seconds, so a key can live a second
// longer than in the source, and two in v3. In v3 a key gets the earliest of its own time and those of the directories above it,
// as far as they are replicated.
//
// The whole tree is in memory, once for the source and once for a target of v2, and once more while it is compared.
//
// createdIndex and modifiedIndex are not copied. Keys that CreateInOrder has made keep their names. In a target of v2, new
// ones are named by the index of the target: if that is lower than the source's, they sort before the old ones. Empty such
// queues before the cut-over.
//
// The target belongs to the replicator below what it copies: it deletes there what the source does not have. A first Run refuses
// a target that is not empty, unless Config.Adopt is set.
//
// # Crashes
//
// Run can be killed at any moment and started again. It then compares the whole target with the source. In between, nothing can
// make the target wrong:
//
//   - In v3, each transaction writes a checkpoint, and happens only if nothing else has written that since. So a request
//     that arrives late, from this process or a dead one, changes nothing. The first transaction of a new run makes those
//     of the run before fail: the old one ends with ErrFenced.
//   - In v2, each write of a file is conditional on the index that the file had. The replicator mirrors the target as well,
//     and writes until both mirrors agree. What something else changes there is changed back. After the switch nothing does that:
//     if a member of the target hangs for long with a request of a killed run, that request can still arrive. Restart such a
//     member before the cut-over.
//
// Until Run has compared everything for the first time, Stats.Synced is false, and the target has parts of the old and of the new.
//
// The checkpoint also has the ID of the source's cluster, and an index. Run refuses another source (ErrOtherSource), and waits
// for a member that is behind the index. If the source was restored from a backup, remove the checkpoint and use Adopt.
//
// Etcd v3 keeps every version of every key until somebody compacts. Without --auto-compaction-retention or V3Options.Compact,
// a busy replication fills the target's quota of 2 GB within hours.
//
// # Lag
//
// The target has everything that the source held before Stats.Lag, or something newer. While nothing happens, that is how long
// ago the mirrors were last known to be current, less than two seconds. If more is written than the target can take, it never
// catches up, and Lag grows. It is too high then: keys that change often are written less often, and the rest is not as late.
//
// # The cut-over
//
// Run makes a key in the source, the marker, which says what writers may do. For the name "default" of a replication it is
//
//	/_etcd2/replicate/default/marker
//
// and it says "open" (write), "stopped" (do not write) or "switched" (write to the target). In the target, the key of the same
// name, without the first slash in v3, says "switched" as well when it is time. Writers follow it with a mirror, which
// sees each state even if a connection breaks:
//
//	marker, err := client.Mirror(ctx, "/_etcd2/replicate/default/marker")
//	node, err := marker.WaitFor(ctx, "/_etcd2/replicate/default/marker", func(n *etcd.Node) bool {
//		return n != nil && n.Value != "open"
//	})
//
// A writer that starts looks at the marker before it writes. A plain Watch of the marker can end with ErrEventIndexCleared on a
// busy cluster, when a member fails. Where writers cannot be changed, a role can be revoked: CutOver.Role names a role of etcd's
// authentication that loses what it may write. A key in the source keeps what it lost, so that it gets it back after any crash.
//
// CutOver does this, in this order. The state is that of the checkpoint in the target:
//
//	state        step
//	replicating  the target is a copy
//	stopping     the marker says "stopped", the role is revoked, and the writers have CutOver.Grace to finish
//	             barrier: a key is written in the source; when the mirrors have passed its index, nothing is on its way
//	             drained: what the mirrors tell is in the target
//	             verified: the source, read with quorum, equals the target
//	attaching    keys that expire get their leases
//	             verified again, expiries included
//	switched     the checkpoint says so, then the marker of the target, and then that of the source
//
// After each step, CutOver looks whether a writer has written behind the barrier. If one has, or anything else fails, or
// CutOver.Timeout passes, it aborts: the marker says "open", the role is granted again, and Run compares everything anew, which
// takes the leases away. Until it is switched, the source is complete, and nothing is lost by an abort.
//
// With CutOver.Rehearse it does all of that except the switch, and then what an abort does. So a rehearsal shows how long the
// writers will stand still. For a small tree that is the grace and about two seconds, which is how long a mirror takes to be sure
// that it has missed nothing.
//
// After the switch, CutOver watches the source for CutOver.Linger. What a writer still writes there is not in the target:
// ErrLateWrites names it. Revoke a role if writers may not notice the marker.
//
// # What a crash leaves
//
//	state        marker        what is so                            what to do
//	replicating  "open"        writers write to the source           start Run again
//	stopping     "open" or     writers may stand still               start Run with Config.Continue, and then CutOver, which
//	             "stopped"                                           begins anew, or Abort, which lets the writers go on
//	attaching    "stopped"     writers stand still; keys of the      the same; Run takes the leases away first
//	                           target have leases and expire there
//	switched     "stopped" or  the target is complete, and writers   start Run again: it writes the marker and returns
//	             "switched"    may not know yet                      ErrSwitched
//
// Without Config.Continue, Run refuses to go on after a cut-over that was broken off, with ErrInterrupted. Config.Continue does
// not decide anything: the target stays in the state until CutOver or Abort is called.
//
// Abort is possible in each state but switched. From there, going back is a replication in the other direction, which
// this package can do from v2 to v2 only.
package replicate
