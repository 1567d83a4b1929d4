package replicate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/v3tree"
)

// Config says what is replicated.
type Config struct {
	// Source is a client of the etcd v2 cluster that is left.
	Source *etcd.Client

	// Target is the cluster that is to take its place. Below what is replicated, it belongs to the replicator: what the source
	// does not have is deleted there.
	Target Target

	// Name tells several replications of a source apart. Empty means "default". It is part of the keys of the marker and of
	// the checkpoint.
	Name string

	// Dirs are the directories that are replicated. Empty means "/".
	Dirs []string

	// Hidden are the hidden keys that are replicated, such as "/_locks". No call lists hidden keys, so they must be named.
	// Each has a mirror of its own.
	Hidden []string

	// Adopt allows a first run to begin with a target that is not empty, and to delete there what the source does not have.
	Adopt bool

	// Continue allows a run after a cut-over that was broken off, with CutOver or Abort to follow.
	Continue bool

	// Log gets a line for what a person should know. It can be nil.
	Log func(format string, args ...any)
}

// Errors that Run and CutOver return.
var (
	// ErrFenced means that another run of the same replication has begun.
	ErrFenced = v3tree.ErrFenced

	// ErrOtherSource means that the target is the copy of another cluster, or of another time of this one.
	ErrOtherSource = errors.New("replicate: the target is the copy of another source")

	// ErrNotEmpty means that the target of a first run has keys where the copy is to be.
	ErrNotEmpty = errors.New("replicate: the target is not empty")

	// ErrInterrupted means that a cut-over was broken off: writers may stand still.
	ErrInterrupted = errors.New("replicate: a cut-over was broken off")

	// ErrNotRunning means that Run has returned.
	ErrNotRunning = errors.New("replicate: Run has returned")

	// ErrSwitched means that the cut-over is over: the target is a cluster of its own now.
	ErrSwitched = errors.New("replicate: the writers have been switched to the target")
)

// A Replicator makes a target the copy of a source and keeps it so. Make one with New.
type Replicator struct {
	config   Config
	roots    []string
	source   source
	requests chan request
	gauge    gauge
	mu       sync.Mutex
	running  bool
	ended    chan struct{} // closed when Run has returned
}

// A request is something that is to be done between two batches.
type request struct {
	do   func(*engine) error
	done chan error
}

// New returns a replicator. It sends nothing.
func New(config Config) (*Replicator, error) {
	if config.Source == nil || config.Target == nil {
		return nil, errors.New("replicate: a source and a target are needed")
	}
	if config.Name == "" {
		config.Name = "default"
	}
	if config.Log == nil {
		config.Log = func(string, ...any) {}
	}
	roots, err := roots(config.Dirs, config.Hidden)
	if err != nil {
		return nil, err
	}
	return &Replicator{
		config:   config,
		roots:    roots,
		source:   source{client: config.Source, dir: base + "/replicate/" + config.Name},
		requests: make(chan request),
		ended:    make(chan struct{}),
	}, nil
}

// Run replicates until ctx is done, something fails for good, or CutOver has switched, when it returns nil. It can be called
// again after any end, in another process, too. Only one Run may be under way; one that begins elsewhere ends it with
// ErrFenced.
//
// Run reads the whole source and the whole target first, deletes what only the target has, and writes what differs. From then
// on it writes what changes.
func (r *Replicator) Run(ctx context.Context) error {
	if err := r.start(); err != nil {
		return err
	}
	defer r.stopped()
	for {
		err := r.once(ctx)
		if errors.Is(err, errAgain) {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
}

// start notes that Run is under way.
func (r *Replicator) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running {
		return errors.New("replicate: Run is under way already")
	}
	r.running = true
	select {
	case <-r.ended:
		r.ended = make(chan struct{})
	default:
	}
	return nil
}

func (r *Replicator) stopped() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = false
	close(r.ended)
}

func (r *Replicator) once(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	e := &engine{r: r, target: r.config.Target, shape: r.config.Target.newShape(), in: make(chan item, 64)}
	defer e.close()
	defer cancel() // first
	if err := e.begin(ctx); err != nil {
		return err
	}
	return e.loop(ctx)
}

// Stats returns how far the replication is.
func (r *Replicator) Stats() Stats { return r.gauge.read() }

// do calls fn in the goroutine of Run, between two batches. It waits for a Run that has not begun yet.
func (r *Replicator) do(ctx context.Context, fn func(*engine) error) error {
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	req := request{do: fn, done: make(chan error, 1)}
	select {
	case r.requests <- req:
	case <-ended:
		return ErrNotRunning
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-req.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Replicator) log(format string, args ...any) { r.config.Log(format, args...) }

// check refuses to go on from a checkpoint that does not fit.
func (r *Replicator) check(found Checkpoint, was bool, now Checkpoint, marker string) error {
	switch {
	case was && found.Source != now.Source:
		return fmt.Errorf("%w: that one's ID is %s, this one's %s", ErrOtherSource, found.Source, now.Source)
	case was && found.State == Switched, marker == string(Switched):
		return ErrSwitched
	case was && found.State != Replicating && !r.config.Continue:
		return fmt.Errorf("%w in state %q: go on with it, or abort it", ErrInterrupted, found.State)
	}
	return nil
}
