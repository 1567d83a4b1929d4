package replicate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// errAgain makes Run begin again, with a comparison of everything.
var errAgain = errors.New("replicate: begin again")

// An engine is one run. Its fields are its goroutine's own, unless they say otherwise.
type engine struct {
	r          *Replicator
	target     Target
	shape      shape
	mirrors    []*etcd.Mirror // of the roots
	in         chan item
	loops      sync.WaitGroup
	checkpoint Checkpoint
	batch      batch
	held       map[string]dump.Node // what the target had when the run began and nobody has asked for yet; nil when compared
	compared   []bool               // by mirror: it has told all that there was
	synced     []bool               // by mirror: it has told all that has happened
	calm       atomic.Bool          // everything that was told is in the target; for all goroutines
	written    written              // the last change that was not a deletion
	end        error                // why the loop ends, set by a request; errDone if all is well
}

// errDone ends a loop that has done its work.
var errDone = errors.New("replicate: done")

// An item is what a mirror tells.
type item struct {
	mirror int
	change etcd.Change
	err    error
}

// written is a change of the source that a writer has made.
type written struct {
	key   string
	index uint64
}

// lagging is how long a mirror may take to show what an earlier run has seen.
const lagging = time.Minute

// begin takes the target over, and begins to follow the source.
func (e *engine) begin(ctx context.Context) error {
	r := e.r
	cluster, marker, err := r.source.open(ctx)
	if err != nil {
		return fmt.Errorf("replicate: read the source: %w", err)
	}
	found, was, err := e.target.open(ctx, r.config.Name, r.roots)
	if err != nil {
		return err
	}
	e.checkpoint = Checkpoint{Source: cluster, State: Replicating}
	if err := r.check(found, was, e.checkpoint, marker); err != nil {
		if found.State == Switched && marker != string(Switched) { // the last step was broken off
			err = errors.Join(err, r.source.mark(ctx, Switched))
		}
		return err
	}
	if was {
		if e.checkpoint = found; found.State == Attaching { // the comparison takes the leases away again
			e.checkpoint.State = Stopping
		}
	} else if err := errors.Join(e.checkEmpty(ctx), r.fits(ctx)); err != nil {
		return err
	}
	if err := e.target.write(ctx, nil, e.checkpoint); err != nil {
		return err
	}
	if err := e.follow(ctx); err != nil {
		return err
	}
	e.held = map[string]dump.Node{}
	for node, err := range e.target.nodes(ctx) {
		if err != nil {
			return err
		}
		e.held[node.Key] = node
	}
	r.log("the target has %d keys, and nothing newer than index %d of the source", len(e.held), e.checkpoint.Index)
	for i, mirror := range e.mirrors {
		e.loops.Go(func() { e.pump(ctx, i, mirror) })
	}
	r.gauge.begin(e.checkpoint.State, e.state)
	return nil
}

// checkEmpty returns an error if the target of a first run has keys.
func (e *engine) checkEmpty(ctx context.Context) error {
	if e.r.config.Adopt {
		return nil
	}
	for node, err := range e.target.nodes(ctx) {
		if err == nil {
			err = fmt.Errorf("%w: it has %q; remove what is there, or adopt it, which deletes what the source does not have", ErrNotEmpty, node.Key)
		}
		return err
	}
	return nil
}

// follow makes the mirrors of the source.
func (e *engine) follow(ctx context.Context) error {
	for _, root := range e.r.roots {
		mirror, err := insist(ctx, func() (*etcd.Mirror, error) { return e.r.config.Source.Mirror(ctx, root) })
		if err != nil {
			return fmt.Errorf("replicate: read the source: %w", err)
		}
		e.mirrors = append(e.mirrors, mirror)
	}
	n := len(e.mirrors)
	e.compared, e.synced = make([]bool, n), make([]bool, n)
	wait, cancel := context.WithTimeout(ctx, lagging)
	defer cancel()
	for i, mirror := range e.mirrors { // a member that lags would show what the target has left behind
		if err := mirror.WaitIndex(wait, e.checkpoint.Index); err != nil {
			return fmt.Errorf("%w, or the source was restored: %s is at index %d, and the target at %d: %w",
				ErrOtherSource, e.r.roots[i], mirror.Index(), e.checkpoint.Index, err)
		}
	}
	return nil
}

// pump hands over what a mirror tells.
func (e *engine) pump(ctx context.Context, i int, mirror *etcd.Mirror) {
	for change, err := range mirror.Changes(ctx) {
		select {
		case e.in <- item{i, change, err}:
		case <-ctx.Done():
			return
		}
	}
}

// state is for the gauge, in any goroutine.
func (e *engine) state() idleState {
	s := idleState{idle: e.calm.Load()}
	for _, mirror := range e.mirrors {
		s.age, s.index = max(s.age, mirror.Age()), max(s.index, mirror.Index())
	}
	return s
}

func (e *engine) close() {
	e.r.gauge.end()
	for _, mirror := range e.mirrors {
		_ = mirror.Close()
	}
	e.loops.Wait()
	e.target.close()
}

// loop writes batches until something ends it.
func (e *engine) loop(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var err error
		select {
		case it := <-e.in:
			if err = e.gather(ctx, it); err == nil {
				err = e.flush(ctx)
			}
		case req := <-e.r.requests:
			err = req.do(e)
			req.done <- err
			if err = e.end; errors.Is(err, errDone) {
				return nil
			}
		case <-tick.C:
			if err = e.target.tidy(ctx); err == nil {
				err = e.flush(ctx)
			}
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// gather puts together what the mirrors tell, until they have told everything or the batch is full.
func (e *engine) gather(ctx context.Context, it item) error {
	e.calm.Store(false)
	for {
		if err := e.take(it); err != nil {
			return err
		}
		if e.isSynced() && len(e.in) == 0 || len(e.batch.edits) >= e.target.batchSize() {
			return nil
		}
		select {
		case it = <-e.in:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *engine) isSynced() bool {
	for _, synced := range e.synced {
		if !synced {
			return false
		}
	}
	return true
}

// take turns what a mirror tells into edits.
func (e *engine) take(it item) error {
	if it.err != nil {
		return fmt.Errorf("replicate: follow %s: %w", e.r.roots[it.mirror], it.err)
	}
	change := it.change
	e.synced[it.mirror] = change.Type == etcd.ChangeSynced
	switch change.Type {
	case etcd.ChangeSynced:
		e.compared[it.mirror] = true
		return nil
	case etcd.ChangeResynced:
		e.r.log("the mirror of %s has read the source again: %v", change.Key, change.Err)
		e.r.gauge.change(func(s *Stats) { s.Resyncs++ })
		e.checkpoint.Index = min(e.checkpoint.Index, change.Index) // the source may have been restored
		return nil
	case etcd.ChangeCreated, etcd.ChangeUpdated:
		if change.Index >= e.written.index {
			e.written = written{change.Key, change.Index}
		}
	}
	e.checkpoint.Index = max(e.checkpoint.Index, change.Index)
	e.r.gauge.change(func(s *Stats) { s.Changes++ })
	for _, edit := range e.shape.edits(change) {
		e.add(edit)
	}
	return nil
}

// add adds an edit to the batch, unless the target has had it since before the run.
func (e *engine) add(edit edit) {
	node, ok := e.held[edit.key]
	delete(e.held, edit.key)
	if !ok || !edit.holds(node, true) {
		e.batch.add(edit)
	}
}

// flush writes the batch. When everything has been told, it also deletes what the target has beyond that, and mends what
// something else has changed there.
func (e *engine) flush(ctx context.Context) error {
	told := time.Now()
	synced := e.isSynced() && len(e.in) == 0
	if err := e.write(ctx, e.batch.take()); err != nil {
		return err
	}
	if e.held != nil && e.isCompared() {
		if err := e.deleteHeld(ctx); err != nil {
			return err
		}
	}
	if !synced || e.held != nil {
		return nil
	}
	e.r.gauge.caughtUp(told.Add(-e.state().age))
	if len(e.in) > 0 { // the mirrors are ahead of what was told
		return nil
	}
	if err := e.repair(ctx); err != nil {
		return err
	}
	e.calm.Store(len(e.in) == 0)
	return nil
}

func (e *engine) isCompared() bool {
	for _, compared := range e.compared {
		if !compared {
			return false
		}
	}
	return true
}

// deleteHeld deletes what only the target has.
func (e *engine) deleteHeld(ctx context.Context) error {
	n := len(e.held)
	for key := range e.held {
		e.batch.add(edit{key: key, gone: true})
		if len(e.batch.edits) < e.target.batchSize() {
			continue
		}
		if err := e.write(ctx, e.batch.take()); err != nil {
			return err
		}
	}
	e.held = nil
	if err := e.write(ctx, e.batch.take()); err != nil {
		return err
	}
	e.r.log("the target is a copy of the source now; %d keys that only the target had were deleted", n)
	return nil
}

// repair writes what the target should have again where something else has changed it. While keys get their leases, it leaves
// them alone.
func (e *engine) repair(ctx context.Context) error {
	if e.checkpoint.State == Attaching {
		return nil
	}
	var edits []edit
	for _, key := range e.target.touched() {
		node, there := e.target.get(key)
		if want := e.shape.of(key, e.get(key)); !want.holds(node, there) {
			edits = append(edits, want)
		}
	}
	e.r.gauge.change(func(s *Stats) { s.Repairs += len(edits) })
	return e.write(ctx, edits)
}

// get returns what the source has at key, as far as the mirrors show.
func (e *engine) get(key string) *etcd.Node {
	if at := rootOf(e.r.roots, key); at >= 0 {
		if node, ok := e.mirrors[at].Get(key); ok {
			return node
		}
	}
	return nil
}

func (e *engine) write(ctx context.Context, edits []edit) error {
	if len(edits) == 0 {
		return nil
	}
	if err := e.target.write(ctx, edits, e.checkpoint); err != nil {
		return err
	}
	e.r.gauge.change(func(s *Stats) {
		s.Edits, s.Batches, s.Applied = s.Edits+len(edits), s.Batches+1, e.checkpoint.Index
	})
	return nil
}

// setState writes a new state into the checkpoint.
func (e *engine) setState(ctx context.Context, state State) error {
	e.checkpoint.State = state
	if err := e.target.write(ctx, nil, e.checkpoint); err != nil {
		return err
	}
	e.r.gauge.change(func(s *Stats) { s.State = state })
	return nil
}
