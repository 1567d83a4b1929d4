package v2tree

import (
	"context"
	"fmt"
	"iter"
	"path"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// A Policy decides about keys that the target has already.
type Policy int

const (
	// Skip leaves every key that exists as it is, and creates the others.
	Skip Policy = iota

	// Overwrite writes every file, whatever the target has. If a write may have been applied, it is made again, which
	// may undo what somebody else has written in between. Use Compare if others write to the same keys.
	Overwrite

	// Compare reads a key first. It leaves what is equal alone, and replaces what differs by a compare-and-swap, so
	// that it does not undo a change that somebody else makes in between: such a node is Failed.
	Compare
)

// An Outcome is what became of a node.
type Outcome int

// The outcomes of a node.
const (
	Created  Outcome = iota // the key was not there
	Replaced                // the key had something else, or may have had it
	Equal                   // the key had the same content, and was not written
	Kept                    // the key exists, and Skip leaves it
	Expired                 // the time of the node, or of a directory above it, is up
	Failed                  // the node was refused; the error says why
	outcomes
)

// Counts counts nodes by their Outcome.
type Counts [outcomes]int

// WriteOptions says how to write.
type WriteOptions struct {
	Policy Policy

	// DryRun only reads, without quorum, and reports what a run would do.
	DryRun bool

	// Rate is how many writes a second are made at most. Zero means no limit.
	Rate float64

	// Parallel is how many nodes are written at once. Zero means 16.
	Parallel int

	// Patience is how long to repeat a call that no member answers usably. Zero means a minute.
	Patience time.Duration

	// Report is told what became of each node, if it is not nil. The error is nil unless the node is Failed. Report is
	// called by one goroutine at a time.
	Report func(dump.Node, Outcome, error)
}

// Write writes nodes, which must be sorted, into the cluster. Each directory is written before what is in it. A node
// that expires gets the time that it has left by the clock of this machine, which must agree with the servers'.
//
// Write goes on after a node that is Failed. It returns an error if the sequence has one, if ctx is done, or if no
// member answers. The outcome of each write is known: if a reply is lost, the key is read. A run that is interrupted
// can be repeated from the start. Directories and files never replace each other, and nothing is deleted.
func Write(ctx context.Context, client *etcd.Client, nodes iter.Seq2[dump.Node, error], opts WriteOptions) (Counts, error) {
	if opts.Parallel == 0 {
		opts.Parallel = 16
	}
	if opts.Patience == 0 {
		opts.Patience = time.Minute
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &writer{target: target{client, opts, pace{rate: opts.Rate}}, cancel: cancel, pending: map[string]chan struct{}{}}
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range opts.Parallel {
		workers.Go(func() { w.work(ctx, jobs) })
	}
	err := w.dispatch(ctx, nodes, jobs)
	close(jobs)
	workers.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return w.counts, err
}

type writer struct {
	target
	cancel  context.CancelCauseFunc
	mu      sync.Mutex
	counts  Counts
	pending map[string]chan struct{} // directories that are being written; closed when they are
}

// A job is a node to write, after the directory that it is in.
type job struct {
	node dump.Node
	ends time.Time       // when the first directory above it expires; zero for never
	dir  <-chan struct{} // closed when its directory has been written; nil if it has been
	done chan struct{}   // to close when it has been written; nil for a file
}

func (w *writer) dispatch(ctx context.Context, nodes iter.Seq2[dump.Node, error], jobs chan<- job) error {
	var lives dump.Lifetimes
	for n, err := range nodes {
		if err != nil {
			return err
		}
		j := job{node: n, ends: lives.Above(n)}
		w.mu.Lock()
		if dir := w.pending[path.Dir(n.Key)]; dir != nil {
			j.dir = dir
		}
		if n.Dir {
			j.done = make(chan struct{})
			w.pending[n.Key] = j.done
		}
		w.mu.Unlock()
		select {
		case jobs <- j:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (w *writer) work(ctx context.Context, jobs <-chan job) {
	for j := range jobs {
		if j.dir != nil {
			<-j.dir // it was taken from jobs before, by another worker
		}
		outcome, err := w.put(ctx, j.node, j.ends)
		w.mu.Lock()
		if j.done != nil {
			close(j.done)
			delete(w.pending, j.node.Key)
		}
		if err != nil && (ctx.Err() != nil || etcd.Retryable(err)) {
			w.cancel(err)
		} else {
			w.counts[outcome]++
			if w.opts.Report != nil {
				w.opts.Report(j.node, outcome, err)
			}
		}
		w.mu.Unlock()
	}
}

func (c Counts) String() string {
	return fmt.Sprintf("%d created, %d replaced, %d equal, %d kept, %d expired, %d failed",
		c[Created], c[Replaced], c[Equal], c[Kept], c[Expired], c[Failed])
}
