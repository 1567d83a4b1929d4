// Package legacy runs clusters that answer clients as etcd 0.4.9 does. That version cannot be had as a Go
// module, so the tests of what the library does with it need a stand-in. Its members serve real HTTP on free
// ports of 127.0.0.1 and are gone when the test ends.
//
// Each member keeps its keys in etcd's own v2 store, from the module of etcd 3.5, and this package puts right
// where that differs from the store of 0.4.9. A log, written by the leader and applied by all, stands in for
// raft. Nothing happens by itself except that keys expire: the test says how far a follower is behind, when a
// member dies, when the others notice it, and who leads then.
//
// What it leaves out: TLS, standbys, snapshots, and the paths that no client of the v2 API needs (/v1,
// /v2/speedTest, /v2/migration). A leader that has lost its followers goes on as before; a real one answers
// no write any more.
//
//	cluster.go   the members, the log, who leads and who knows it
//	member.go    one member: its life, and what a test can ask of it
//	command.go   an entry of the log, and what it does to a store
//	store.go     etcd's v2 store as 0.4.9 had it
//	directory.go the update of a directory, which the store of 3.5 refuses
//	stream.go    a watch that goes on after its first event
//	http.go      paths, methods, parameters and errors
//	keys.go      GET, PUT, POST and DELETE on keys
//	watch.go     the answers to wait=true
//	admin.go     the other paths
package legacy
