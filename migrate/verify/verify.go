// Package verify compares two trees that are sorted as a [dump] file is, and reports how they differ.
package verify

import (
	"iter"
	"time"

	"github.com/etcdv2/client/migrate/dump"
)

// A Kind is how two trees differ at a key.
type Kind int

// The kinds of differences.
const (
	Missing Kind = iota // only the first tree has the key
	Extra               // only the second tree has the key
	Value               // the values differ
	Type                // a file on one side, a directory on the other
	TTL                 // the nodes expire at different times, or only one of them does
)

// A Difference is a key at which the trees differ. The node of a side that does not have the key is zero.
type Difference struct {
	Kind Kind
	A, B dump.Node
}

// Options says what counts as a difference.
type Options struct {
	// Tolerance is by how much times of expiry may differ.
	Tolerance time.Duration

	// FilesOnly ignores directories, for a target that has none, such as etcd v3 without markers.
	FilesOnly bool
}

// Summary counts what was compared.
type Summary struct {
	Equal   int
	Kinds   [5]int // by Kind
	Expired int    // nodes that one side has lost because their time was up
}

// Compare compares the trees and calls report for each difference, as it finds it.
func Compare(a, b iter.Seq2[dump.Node, error], opts Options, report func(Difference)) (Summary, error) {
	return Summary{}, nil
}
