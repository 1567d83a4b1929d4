package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/migrate/verify"
)

const replicateText = `
Replicate makes a cluster the live copy of a v2 cluster: with --to another v2 cluster, with --to-v3 an etcd v3. It runs until
it is interrupted, and can be killed and started again at any time. Below what is replicated, it deletes what the source does not
have; so it refuses a target that is not empty at first, unless --adopt is given.

Keys with a TTL are copied without one, and deleted when they expire in the source. At the cut-over they get the time that is
left.

With --cut-over, it moves the writers to the target once that is a copy, and ends. The key

  /_etcd2/replicate/NAME/marker

of the source says what writers may do, "open", "stopped" or "switched"; they have to follow it, or their --role is revoked. The
writers are stopped, a barrier shows that nothing is on its way, the trees are compared, keys get their leases or TTLs, the
trees are compared again, and the marker says "switched", in the source and in the target. If anything fails before that, the
writers go on with the source. --rehearse does all of it but the last step, and ends.

If the program is killed in the middle of a cut-over, the writers may stand still. Start it again with --cut-over or --rehearse,
which begin anew, or with --abort, which lets the writers go on. "go doc github.com/etcdv2/client/migrate/replicate"
has a page on what each state means.

Progress on stderr, every --every. "lag 2s" means that the target has everything that the source held two seconds ago, or newer.`

// A replicating is one call of the command.
type replicating struct {
	s          streams
	v2         access
	v3         toV3
	from, to   string
	dirs       list
	hidden     list
	config     replicate.Config
	cut        replicate.CutOver
	compact    time.Duration
	every      time.Duration
	cutOver    bool
	abort      bool
	dryRun     bool
	closeThese []func() error
}

func replicateTree(ctx context.Context, args []string, s streams) error {
	r := &replicating{s: s}
	f := newFlags(s, "replicate --from URL[,URL…] --to URL[,URL…] | --to-v3 URL[,URL…] [FLAGS]", replicateText)
	f.StringVar(&r.from, "from", "", "client `URLs` of the members of the v2 cluster that is left, with commas between them")
	f.StringVar(&r.to, "to", "", "client `URLs` of another v2 cluster")
	f.Var(&r.dirs, "dir", "a `directory` to replicate; can be repeated (default: all)")
	f.Var(&r.hidden, "hidden", "a hidden `key` to replicate, such as /_locks; can be repeated")
	f.StringVar(&r.config.Name, "name", "default", "tells several replications of one source apart")
	f.BoolVar(&r.config.Adopt, "adopt", false, "begin with a target that is not empty, and delete there what the source does not have")
	f.DurationVar(&r.compact, "compact", 0, "compact the history of a v3 target that is older; 0 leaves that to the cluster")
	f.DurationVar(&r.every, "every", 5*time.Second, "how often progress is told")
	f.BoolVar(&r.dryRun, "dry-run", false, "only compare, and say what would be done")
	f.BoolVar(&r.cutOver, "cut-over", false, "move the writers to the target")
	f.BoolVar(&r.cut.Rehearse, "rehearse", false, "do the cut-over up to the switch, and let the writers go on")
	f.BoolVar(&r.abort, "abort", false, "let the writers go on after a cut-over that was broken off, and end")
	f.BoolVar(&r.cut.Now, "now", false, "stop the writers even if the target has not caught up yet, because they write more than it can take")
	f.StringVar(&r.cut.Role, "role", "", "a `role` of the source that may not write while the writers stand still")
	f.DurationVar(&r.cut.Grace, "grace", 5*time.Second, "how long the writers have to stop")
	f.DurationVar(&r.cut.Timeout, "timeout", 5*time.Minute, "how long the writers may stand still")
	f.DurationVar(&r.cut.Tolerance, "tolerance", 5*time.Second, "by how much times of expiry may differ")
	f.DurationVar(&r.cut.Linger, "linger", 10*time.Second, "how long to look for late writers after the switch")
	r.v3.flags(f)
	r.v2.flags(f)
	if _, err := parse(f, s, args, 0); err != nil {
		return err
	}
	if r.from == "" || (r.to == "") == (r.v3.to == "") {
		return usagef("--from is needed, and either --to or --to-v3")
	}
	if r.v3.leaveOut {
		return usagef("--leave-out is not for replicate: --dir names what is replicated")
	}
	if some := btoi(r.cutOver) + btoi(r.cut.Rehearse) + btoi(r.abort) + btoi(r.dryRun); some > 1 {
		return usagef("only one of --cut-over, --rehearse, --abort and --dry-run makes sense")
	}
	defer r.close()
	replicator, err := r.make()
	if err != nil {
		return err
	}
	if r.dryRun {
		return r.check(ctx, replicator)
	}
	return r.run(ctx, replicator)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *replicating) close() {
	for _, closeThis := range r.closeThese {
		_ = closeThis()
	}
}

// make makes the clients and the replicator.
func (r *replicating) make() (*replicate.Replicator, error) {
	source, err := r.v2.client(r.from, "")
	if err != nil {
		return nil, err
	}
	r.closeThese = append(r.closeThese, source.Close)
	r.config.Source, r.config.Dirs, r.config.Hidden = source, r.dirs, r.hidden
	r.config.Continue = r.cutOver || r.cut.Rehearse || r.abort
	r.config.Log = r.s.warn
	if r.to != "" {
		target, err := r.v2.client(r.to, "")
		if err != nil {
			return nil, err
		}
		r.closeThese = append(r.closeThese, target.Close)
		r.config.Target = replicate.ToV2(target)
	} else {
		mapping, err := r.v3.layout.mapping()
		if err != nil {
			return nil, err
		}
		target, err := r.v3.cluster.client(r.v3.to)
		if err != nil {
			return nil, err
		}
		r.closeThese = append(r.closeThese, target.Close)
		r.config.Target = replicate.ToV3(target, replicate.V3Options{
			Mapping: mapping, Limits: r.v3.limits, Markers: r.v3.layout.markers, Compact: r.compact,
		})
	}
	replicator, err := replicate.New(r.config)
	if err != nil {
		return nil, usageError{err}
	}
	return replicator, nil
}

// check says what would be done.
func (r *replicating) check(ctx context.Context, replicator *replicate.Replicator) error {
	const most = 20
	n := 0
	sum, err := replicator.Check(ctx, func(d verify.Difference) {
		if n++; n <= most {
			fmt.Fprintln(r.s.out, d)
		}
	})
	if n > most {
		fmt.Fprintf(r.s.out, "and %d more\n", n-most)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(r.s.out, "the target is not what it would become: %s\n", sum)
	return nil
}

// run replicates, and does what is to be done beside that.
func (r *replicating) run(ctx context.Context, replicator *replicate.Replicator) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- replicator.Run(ctx) }()
	did := make(chan error, 1)
	switch {
	case r.abort:
		go func() { did <- replicator.Abort(ctx, r.cut.Role) }()
	case r.cutOver || r.cut.Rehearse:
		go func() {
			report, err := replicator.CutOver(ctx, r.cut)
			if err == nil {
				fmt.Fprintf(r.s.out, "writers stood still for %v; %v; %d keys expire\n", report.Stopped.Round(time.Millisecond), report.Verified, report.Expiring)
			}
			did <- err
		}()
	}
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for {
		select {
		case err := <-ran:
			if err != nil || !r.cutOver {
				return r.sort(err)
			}
			ran = nil // the switch is over, and late writers are looked for
		case err := <-did:
			cancel()
			if ran != nil {
				if ended := <-ran; ended != nil && !errors.Is(ended, context.Canceled) {
					r.s.warn("%v", ended)
				}
			}
			return r.sort(err)
		case <-tick.C:
			r.s.warn("%s", replicator.Stats())
		}
	}
}

// sort makes of an error one that has the right exit code.
func (r *replicating) sort(err error) error {
	for _, finished := range []error{replicate.ErrDifferent, replicate.ErrNotQuiet, replicate.ErrLateWrites} {
		if errors.Is(err, finished) {
			r.s.warn("%v", err)
			return errNotRight
		}
	}
	if errors.Is(err, replicate.ErrSwitched) && r.cutOver {
		r.s.warn("%v", err)
		return nil
	}
	return err
}
