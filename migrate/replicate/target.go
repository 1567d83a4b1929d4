package replicate

import (
	"context"
	"iter"

	"github.com/etcdv2/client/migrate/dump"
)

// A Target is the cluster that is to become a copy of the source: see ToV2 and ToV3.
type Target interface {
	// open reads how far an earlier run came; false means that there was none.
	open(ctx context.Context, name string, roots []string) (Checkpoint, bool, error)

	// write makes the target what the edits say, and then the checkpoint. It returns when all of that is so, and retries until
	// then. The first write takes the target over: from then on, nothing that another run has sent can change it.
	write(ctx context.Context, edits []edit, checkpoint Checkpoint) error

	// nodes returns what the target holds, sorted by dump.Compare.
	nodes(ctx context.Context) iter.Seq2[dump.Node, error]

	// touched returns keys that have changed since the last call, or may have, by whomever.
	touched() []string

	// get returns what the target holds at key, as far as that is known without a request. It is for keys that touched has
	// returned.
	get(key string) (dump.Node, bool)

	// mark writes the key that says to the target's users what state the cut-over is in.
	mark(ctx context.Context, text string) error

	// tidy does what is due from time to time.
	tidy(ctx context.Context) error

	// shaped returns what the target can hold of a tree of the source, sorted by dump.Compare.
	shaped(iter.Seq2[dump.Node, error]) iter.Seq2[dump.Node, error]

	// expiring returns the edits that make the target's keys expire as those of the source, in groups to be written one after
	// the other.
	expiring(iter.Seq2[dump.Node, error]) ([][]edit, error)

	// fits returns an error if the target cannot hold a node.
	fits(dump.Node) error

	newShape() shape
	batchSize() int
	close()
}

// A Checkpoint is what the target says of the replication.
type Checkpoint struct {
	Source string `json:"source"` // ID of the source's cluster
	Index  uint64 `json:"index"`  // etcd index of the source: the target has nothing that is newer
	State  State  `json:"state"`
}

// A State is how far the cut-over is; the package documentation has a page on it.
type State string

// The states of a cut-over.
const (
	Replicating State = "replicating" // writers write to the source
	Stopping    State = "stopping"    // writers are told to stop, or have stopped
	Attaching   State = "attaching"   // keys of the target get their leases
	Switched    State = "switched"    // writers write to the target
)
