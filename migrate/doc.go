// Package migrate holds the way out of etcd's v2 API: the command etcd2 in cmd/etcd2, and the packages that it is made of.
//
//   - dump: the file format of a v2 tree
//   - v2tree: reads and writes trees of v2
//   - v3tree: reads and writes them in etcd v3
//   - verify: compares two trees
//   - replicate: keeps a cluster the copy of a v2 cluster, and moves the writers there
//   - doctor: says who still speaks v2, and what keeps etcd 3.6 from starting
//
// The module is not a part of the client library's, which needs no gRPC.
package migrate
