// Package v3tree keeps a tree of etcd v2 in the flat keys of etcd v3: which v2 key becomes which v3 key, what of the tree v3
// can hold, and how it is written and read within the limits of the server.
//
// # What becomes of a tree
//
// A [Mapping] turns the key of each file into a v3 key. A v3 key has only a value and, perhaps, a lease:
//
//   - A directory is nothing of its own. If Markers are wanted, a directory that nothing is in becomes an empty key
//     that ends in a slash, which no file can have.
//   - A TTL becomes a lease. A v2 directory takes everything below it along when it expires, so a key gets the earliest
//     expiry of its own and those of the directories above it. Keys that expire in the same second share a lease.
//     A lease lives for whole seconds, and for two at least: a key can live that much longer.
//   - createdIndex and modifiedIndex are lost. A v3 key has revisions of its own.
//
// [Flatten] does this to a sequence of nodes, so that a v2 tree can be compared with what a [Reader] finds in v3.
//
// # What is checked before anything is written
//
// [Import] reads its nodes twice. The first time it looks for keys that the mapping leaves out, for two keys that would become
// the same one, and for values that are too long for the server. If it finds any, it writes nothing.
package v3tree
