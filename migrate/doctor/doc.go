// Package doctor examines a cluster before it leaves etcd v2: which members serve v2, who still speaks it, and what is
// stored that keeps etcd 3.6 from starting or would be lost on the way. The steps of that way are in docs/leaving.md.
//
// The examination leaves no entry in the cluster's log: it makes no quorum read and does not ask for /health. It takes two
// looks at the counters of each member and compares them. It reads the tree after the second look, so that its own reads are
// not taken for somebody else's.
//
// What it cannot see:
//
//   - Who a client is. Etcd counts operations and does not count clients. The counters of each member tell through which
//     endpoint a read or a watch comes, but not where from. Every member counts all writes and quorum reads.
//   - Clients that do nothing between the two looks. Their watches show as watchers if they are open then.
//   - Hidden keys whose names nobody has told. Etcd does not list them.
//   - What a member without v2 still stores, and its log. For that, stop the member and run etcdutl check v2store.
package doctor
