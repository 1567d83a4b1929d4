package replicate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
	"github.com/etcdv2/client/migrate/verify"
)

// What the marker says, in the source and in the target. Writers watch it in the source.
const (
	Open    State = "open"    // write to the source
	Stopped State = "stopped" // do not write
	// Switched says: write to the target.
)

// CutOver says how the writers are moved to the target.
type CutOver struct {
	// Rehearse does everything but the switch, and then lets the writers go on.
	Rehearse bool

	// Now stops the writers even if the target has not caught up once since Run began. Without it, CutOver waits for that. It
	// may never happen if more is written than the target can take.
	Now bool

	// Role is a role of the source's authentication whose permissions to write are revoked while the writers stand still. The
	// marker is written in any case. Empty means none.
	Role string

	// Grace is how long the writers have to stop after the marker was written. Zero means 5 s.
	Grace time.Duration

	// Timeout is how long the writers may stand still; if it is not enough, the cut-over is aborted. Zero means 5 min.
	Timeout time.Duration

	// Tolerance is by how much times of expiry may differ. Zero means 5 s.
	Tolerance time.Duration

	// Linger is how long the source is watched for late writers after the switch. Zero means 10 s.
	Linger time.Duration
}

// A Report says what a cut-over has found.
type Report struct {
	Stopped  time.Duration  // how long the writers had to stand still
	Verified verify.Summary // by the second comparison
	Expiring int            // keys that got a lease, or a TTL
}

// Errors of a cut-over.
var (
	// ErrNotQuiet means that something was written after the writers had been told to stop.
	ErrNotQuiet = errors.New("replicate: a writer has not stopped")

	// ErrDifferent means that the target was not a copy of the source.
	ErrDifferent = errors.New("replicate: the target differs from the source")

	// ErrLateWrites means that something was written to the source after the switch. The target does not have it.
	ErrLateWrites = errors.New("replicate: written to the source after the switch")
)

func (c CutOver) orDefault() CutOver {
	for _, d := range []struct {
		field *time.Duration
		or    time.Duration
	}{{&c.Grace, 5 * time.Second}, {&c.Timeout, 5 * time.Minute}, {&c.Tolerance, 5 * time.Second}, {&c.Linger, 10 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.or
		}
	}
	return c
}

// CutOver moves the writers to the target; the package documentation has the protocol. Run must be under way, and returns nil
// after the switch.
//
// If CutOver returns an error other than ErrLateWrites, it has not switched, and has aborted: the writers go on with the source.
// If that failed, too, the error says so, and Abort can be called again.
func (r *Replicator) CutOver(ctx context.Context, c CutOver) (Report, error) {
	c = c.orDefault()
	var report Report
	if !c.Now {
		if err := r.awaitCompared(ctx); err != nil {
			return report, err
		}
	}
	began := time.Now()
	barrier, err := r.prepare(ctx, c, &report)
	if err == nil && !c.Rehearse {
		if err = r.switchOver(ctx, barrier); err == nil {
			report.Stopped = time.Since(began)
			r.log("switched after %v", report.Stopped.Round(time.Millisecond))
			return report, r.linger(ctx, c, barrier)
		}
		if !errors.Is(err, ErrNotQuiet) { // what has happened is found out by the next run
			return report, fmt.Errorf("replicate: the switch was broken off, and writers stand still; run again to find out: %w", err)
		}
	}
	err = errors.Join(err, r.back(ctx, c.Role))
	report.Stopped = time.Since(began)
	return report, err
}

// back aborts, and lets the writers go on even if the target cannot be told so.
func (r *Replicator) back(ctx context.Context, role string) error {
	ctx = context.WithoutCancel(ctx)
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := r.Abort(short, role)
	if err == nil || errors.Is(err, ErrFenced) || errors.Is(err, ErrSwitched) {
		return err
	}
	last, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return errors.Join(fmt.Errorf("replicate: the target still says that the cut-over is under way; abort it: %w", err), r.source.reopen(last, role))
}

// Abort lets the writers go on with the source, and makes the target its copy again. It returns ErrSwitched if it is too late.
// Run must be under way, with Config.Continue if an earlier process began the cut-over. role is that of CutOver.
func (r *Replicator) Abort(ctx context.Context, role string) error {
	return r.do(ctx, func(e *engine) error {
		if e.checkpoint.State == Replicating {
			return r.source.reopen(ctx, role)
		}
		// First of all, it must be sure that no other run has taken over, which may be about to switch.
		if err := e.setState(ctx, Stopping); err != nil {
			return err
		}
		if err := r.source.reopen(ctx, role); err != nil {
			return err
		}
		if err := errors.Join(e.target.mark(ctx, string(Open)), e.setState(ctx, Replicating)); err != nil {
			return err
		}
		r.log("the writers go on with the source")
		e.end = errAgain // what has a lease loses it
		return nil
	})
}

// reopen lets the writers go on.
func (s source) reopen(ctx context.Context, role string) error {
	return errors.Join(s.grant(ctx, role), s.mark(ctx, Open))
}

// tellEvery is how often a wait is logged.
const tellEvery = 30 * time.Second

// awaitCompared waits until the target is a copy that follows.
func (r *Replicator) awaitCompared(ctx context.Context) error {
	for told := time.Now(); ; {
		if time.Since(told) > tellEvery {
			told = time.Now()
			r.log("the cut-over waits until the target has caught up: %s", r.Stats())
		}
		compared := false
		err := r.do(ctx, func(e *engine) error { compared = e.held == nil; return nil })
		if err != nil || compared {
			return err
		}
		if err := sleep.For(ctx, pause); err != nil {
			return err
		}
	}
}

// prepare does everything up to the switch, and returns the index of the last barrier.
func (r *Replicator) prepare(ctx context.Context, c CutOver, report *Report) (uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("replicate: the writers have stood still for %v", c.Timeout))
	defer cancel()
	first, err := r.stop(ctx, c)
	if err != nil {
		return 0, err
	}
	steps := []func() error{
		func() error { _, err := r.verify(ctx, verify.Options{Tolerance: c.Tolerance}, false); return err },
		func() (err error) { report.Expiring, err = r.attach(ctx); return err },
		func() (err error) {
			report.Verified, err = r.verify(ctx, verify.Options{Tolerance: c.Tolerance}, true)
			return err
		},
	}
	for _, step := range steps {
		err := step()
		if noisy := r.do(ctx, func(e *engine) error { return e.quietSince(first) }); noisy != nil {
			return 0, noisy // which explains any other error
		}
		if err != nil {
			return 0, errors.Join(err, context.Cause(ctx))
		}
	}
	return first, nil
}

// stop stops the writers, and returns an index behind which they must not write.
func (r *Replicator) stop(ctx context.Context, c CutOver) (uint64, error) {
	r.log("stopping the writers")
	if err := r.do(ctx, func(e *engine) error { return e.setState(ctx, Stopping) }); err != nil {
		return 0, err
	}
	if err := r.source.mark(ctx, Stopped); err != nil {
		return 0, err
	}
	if err := r.source.revoke(ctx, c.Role); err != nil {
		return 0, err
	}
	if err := sleep.For(ctx, c.Grace); err != nil {
		return 0, err
	}
	return r.passBarrier(ctx)
}

// passBarrier writes a key of the source, and returns its index when the mirrors show everything that was written before.
func (r *Replicator) passBarrier(ctx context.Context) (uint64, error) {
	barrier, err := r.source.barrier(ctx)
	if err != nil {
		return 0, err
	}
	var mirrors []*etcd.Mirror
	if err := r.do(ctx, func(e *engine) error { mirrors = e.mirrors; return nil }); err != nil {
		return 0, err
	}
	for _, mirror := range mirrors {
		if err := mirror.WaitIndex(ctx, barrier); err != nil {
			return 0, err
		}
	}
	return barrier, nil
}

// calm waits until what the mirrors tell is in the target.
func (r *Replicator) calm(ctx context.Context) error {
	for {
		calm := false
		err := r.do(ctx, func(e *engine) error { calm = e.isSynced() && len(e.in) == 0; return nil })
		if err != nil || calm {
			return err
		}
		if err := sleep.For(ctx, pause); err != nil {
			return err
		}
	}
}

// quietSince returns an error if a writer has written something behind index.
func (e *engine) quietSince(index uint64) error {
	if e.written.index > index {
		return fmt.Errorf("%w: %q was written at index %d, after the barrier at %d", ErrNotQuiet, e.written.key, e.written.index, index)
	}
	return nil
}

// attempts is how often the trees are compared until they are equal. The first time, something may still be on its way.
const attempts = 5

// verify compares the target with the source until they are equal. Before the expiries are attached, only what expires in the
// source does so.
func (r *Replicator) verify(ctx context.Context, opts verify.Options, attached bool) (verify.Summary, error) {
	for n := 1; ; n++ {
		if err := r.calm(ctx); err != nil {
			return verify.Summary{}, err
		}
		var found []string
		sum, err := verify.Compare(r.wanted(ctx), r.config.Target.nodes(ctx), opts, func(d verify.Difference) {
			if d.Kind != verify.TTL || attached {
				found = append(found, d.String())
			}
		})
		switch {
		case err != nil:
			return sum, err
		case len(found) == 0:
			r.log("the target equals the source: %d keys", sum.Equal+sum.Differences[verify.TTL])
			return sum, nil
		case n == attempts:
			return sum, fmt.Errorf("%w: %s; the first difference is %s", ErrDifferent, sum, found[0])
		}
		r.log("%s, such as %s; comparing again", fmt.Sprint(len(found), " differences"), found[0])
		if err := sleep.For(ctx, time.Duration(n)*pause); err != nil {
			return sum, err
		}
	}
}

// wanted returns what the target has to hold.
func (r *Replicator) wanted(ctx context.Context) iter.Seq2[dump.Node, error] {
	return r.config.Target.shaped(readTree(ctx, r.config.Source, r.roots))
}

// switchOver makes the target a cluster of its own. What it begins, it does not break off with ctx.
func (r *Replicator) switchOver(ctx context.Context, barrier uint64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return r.do(ctx, func(e *engine) error {
		if err := e.quietSince(barrier); err != nil {
			return err
		}
		if err := e.setState(ctx, Switched); err != nil {
			e.end = err
			return err
		}
		e.end = errDone
		_, err := insist(ctx, func() (struct{}, error) { return struct{}{}, e.target.mark(ctx, string(Switched)) })
		return errors.Join(err, r.source.mark(ctx, Switched))
	})
}
