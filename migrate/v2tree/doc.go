// Package v2tree reads the tree of an etcd v2 cluster in the order of a [dump] file, and writes such a sequence of nodes
// into a cluster.
//
// A tree is read a directory at a time, so memory is bounded by the directories on the path to the current key, not by
// the tree: what etcd answers for the largest directory must fit. Etcd lists no hidden keys, whose names begin with
// "_". They are read if they are named, and no call finds the names of others.
package v2tree
