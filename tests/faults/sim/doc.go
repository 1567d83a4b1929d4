// Package sim runs clients of this library against a simulated cluster in virtual time, in the bubbles of
// testing/synctest. Faults come every few seconds, and an hour passes in two minutes or less.
//
// # What is etcd's own code
//
// Each member has the store of etcd 3.5 (v2store), its HTTP handlers (v2http), and the code that applies requests
// to the store. So keys, TTLs, watches, the history of events, status codes, headers and error texts are etcd's. A
// snapshot replaces the store of a member in the way that etcd does it: watches there miss what the snapshot skips.
//
// # What is simulated
//
//   - The log between the members: a leader with a term, elections that take a second or two, commits by a
//     majority, members that apply late, lost quorums, and requests in flight at a change of leaders, which are
//     applied or dropped; the client gets a time-out either way. Candidates win as in Raft: only those that have
//     as much of the log as a majority.
//   - Disks: a member starts with a snapshot and the log that follows it, or empty, under a new ID.
//   - Clocks: each member has one of its own. The member that takes a request computes by it when a TTL ends, and the
//     leader removes by its own what has expired.
//   - The network: connections with buffers and delays, independent of each other. They can be reset, pass nothing in
//     one or both directions, hold what they carry until later, or be forgotten, so that they are reset when an end
//     sends something. Gateways answer by themselves, for one member or for all.
//
// The constants Cut to Restore list the faults. A nemesis chooses them: for a client and a member, for a client and all
// members, for a member, or for the cluster.
//
// # What is not simulated
//
// Raft's messages themselves, changes of the cluster's members over HTTP, authentication, TLS, DNS, etcd 2.3, disks
// that fail, clocks of clients that drift, processes of clients that stop, and proxies that hold back headers or break a
// connection whose client has closed its half. All members have the same idea of who is a member. The TTL that a reply
// shows is computed by the true time; its expiration is by the member's clock. Connections can be silent for longer than
// TCP's keep-alive allows.
//
// # Seeds
//
// SIM_SEED determines the number of members, their clocks, and which kind of fault the nemesis makes when, for which
// client or member, and for how long. It does not determine the order in which goroutines run at the same moment of
// virtual time. That order decides what follows: which connections there are to cut, which member leads when a fault is
// for the leader, how long each packet takes. So a seed repeats the plan of a run, but its requests only nearly, and the
// less the longer it lasts. A violation that needs a rare order may need several tries with its seed.
//
// # Writing a workload
//
// A workload is a test that calls run:
//
//	run(t, "counter", Options{}, func(w *World) {
//		client, chance := w.Client("a", etcd.Config{}), w.Chance("a")
//		w.Go(func(ctx context.Context) {
//			for ctx.Err() == nil {
//				_, err := client.Set(ctx, "/n", fmt.Sprint(chance.Below(100)))
//				w.Count("writes", 1)
//				…
//			}
//		})
//		w.Disturb() // faults for the time of the run, after which all of them end
//		…           // what must be true in a cluster without faults
//		w.Stop()    // ends ctx, and waits
//		…           // compare with w.Cluster.Record()
//	})
//
// A violation is a w.Errorf. The figures of Count are in the line that a run prints. SIM_HOURS is how long a workload
// runs in virtual time; more than an hour is made of runs of an hour each, with the seeds SIM_SEED, SIM_SEED+1 and so on.
package sim
