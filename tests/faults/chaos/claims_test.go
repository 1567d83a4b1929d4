package chaos_test

import (
	"github.com/etcdv2/client/etcd"
)

// claims are what the library said of writes of which each has a value of its own.
type claims map[string]claim

type claim struct {
	fate fate
	err  error
}

// check holds the claims against the nodes that there are. No write may have two nodes, and a node
// must be somebody's.
func (c claims) check(r *run, what string, dir *etcd.Node) {
	found := map[string]int{}
	if dir != nil {
		for leaf := range dir.Leaves() {
			found[leaf.Value]++
		}
	}
	for value, claim := range c {
		switch n := found[value]; {
		case n > 1:
			r.lie("%s %q is there %d times, its fate is %v (%v)", what, value, n, claim.fate, claim.err)
		case n == 0 && claim.fate == applied:
			r.lie("%s %q is not there, the library said it was applied", what, value)
		case n == 1 && claim.fate == refused:
			r.lie("%s %q is there, the library said it was refused: %v", what, value, claim.err)
		case n == 1 && claim.fate == unknown:
			r.count("unknown ones that were applied", 1)
		}
		delete(found, value)
	}
	for value := range found {
		r.lie("%s %q is there, and nobody wrote it", what, value)
	}
	r.count("fates checked", len(c))
}
