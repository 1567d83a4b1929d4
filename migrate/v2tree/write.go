package v2tree

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// A Policy decides about nodes that the target has already.
type Policy int

const (
	// Skip leaves every key that exists as it is, and creates the others.
	Skip Policy = iota

	// Overwrite writes every file, whatever the target has.
	Overwrite

	// Compare reads a key first. It leaves what is equal alone, and replaces what differs with a compare-and-swap, so
	// that it does not undo a change that somebody else makes in between.
	Compare
)

// An Outcome is what became of a node.
type Outcome int

// The outcomes of a node.
const (
	Created  Outcome = iota // the key was not there
	Replaced                // the key had something else
	Equal                   // the key had the same content, and was not written, or had been written by an earlier run
	Kept                    // the key exists, and Skip leaves it
	Expired                 // the node, or a directory above it, has expired since it was read
	Failed                  // the node was refused, or is a directory on one side and a file on the other
	outcomes
)

// Counts counts outcomes.
type Counts [outcomes]int

// WriteOptions says how to write.
type WriteOptions struct {
	Policy Policy

	// DryRun only reads, and reports what a run would do.
	DryRun bool

	// Rate is how many nodes a second are written at most. Zero means no limit.
	Rate float64

	// Parallel is how many writes are in flight at once. Zero means 16.
	Parallel int

	// Patience is how long to go on with a call that no member answers usably. Zero means a minute.
	Patience time.Duration

	// Report is told what became of each node, if it is not nil. It is called by one goroutine at a time.
	Report func(dump.Node, Outcome, error)
}

// Write writes nodes, which must be sorted, into the cluster. Directories come before what is in them. A node with a
// TTL gets the time that is left until it expires by the clock of this machine, which must agree with those of the
// servers. Write goes on after a node that is Failed. It returns an error if the sequence has one, ctx is done, or the
// cluster does not answer; run again, it finds what it has written.
func Write(ctx context.Context, client *etcd.Client, nodes iter.Seq2[dump.Node, error], opts WriteOptions) (Counts, error) {
	return Counts{}, fmt.Errorf("not written yet")
}
