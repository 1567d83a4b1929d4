package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v2tree"
	"github.com/etcdv2/client/migrate/v3tree"
)

// toV3 is an import into etcd v3.
type toV3 struct {
	cluster  accessV3
	layout   layout
	to       string
	limits   v3tree.Limits
	leaveOut bool
}

func (t *toV3) flags(f *flag.FlagSet) {
	f.StringVar(&t.to, "to-v3", "", "client `URLs` of a target that speaks v3, with commas between them")
	f.IntVar(&t.limits.Ops, "v3-max-txn-ops", 0, "--max-txn-ops of the v3 servers (default 128)")
	f.IntVar(&t.limits.Bytes, "v3-max-request-bytes", 0, "--max-request-bytes of the v3 servers (default 1.5 MiB)")
	f.BoolVar(&t.leaveOut, "leave-out", false, "leave out keys that no --map fits; without it they are an error")
	t.layout.flags(f)
	t.cluster.flags(f)
}

// layout is how a tree lies in v3.
type layout struct {
	rules   list
	markers bool
}

func (l *layout) flags(f *flag.FlagSet) {
	f.Var(&l.rules, "map", "a `rule` such as /app=app/: /app/x is app/x in v3; the longest fits, can be repeated (default: keys stay as they are)")
	f.BoolVar(&l.markers, "markers", false, "keep empty directories in v3, as empty keys that end in a slash")
}

func (l *layout) mapping() (v3tree.Mapping, error) {
	if len(l.rules) == 0 {
		return v3tree.Identity, nil
	}
	mapping, err := v3tree.ParseMapping(l.rules...)
	if err != nil {
		return nil, usageError{err}
	}
	return mapping, nil
}

func (i *importing) writeV3(ctx context.Context, footer dump.Footer) error {
	mapping, err := i.v3.layout.mapping()
	if err != nil {
		return err
	}
	client, err := i.v3.cluster.client(i.v3.to)
	if err != nil {
		return err
	}
	defer client.Close()
	begin, told := time.Now(), time.Now()
	report, err := v3tree.Import(ctx, client, i.nodes, v3tree.ImportOptions{
		Mapping: mapping, Limits: i.v3.limits, Markers: i.v3.layout.markers, LeaveOut: i.v3.leaveOut,
		Overwrite: i.opts.Policy == v2tree.Overwrite, DryRun: i.opts.DryRun, Rate: int(math.Ceil(i.opts.Rate)),
		Source: fmt.Sprint(footer.SHA256, " ", strings.Join(i.v3.layout.rules, " "), " ", i.v3.layout.markers),
		Progress: func(r v3tree.ImportReport) {
			if time.Since(told) > tellEvery {
				told = time.Now()
				i.s.warn("imported %d keys", r.Keys)
			}
		},
	})
	switch {
	case errors.Is(err, v3tree.ErrMapping) || errors.Is(err, v3tree.ErrTooLarge) || errors.Is(err, v3tree.ErrNotEmpty) || errors.Is(err, v3tree.ErrOtherSource):
		i.s.warn("%v\nnothing was written", err)
		return errNotRight
	case err != nil:
		return fmt.Errorf("%w\nthe import is not finished; run the same command again to go on", err)
	}
	fmt.Fprintf(i.s.out, "%s%d keys, of which %d expire and %d are markers; %d expired, %d left out; an earlier run had written %d (%v)\n", i.would(),
		report.Keys, report.Leased, report.Markers, report.Expired, report.LeftOut, report.Resumed, time.Since(begin).Round(time.Millisecond))
	return nil
}

// nodes reads the file again.
func (i *importing) nodes() iter.Seq2[dump.Node, error] {
	return func(yield func(dump.Node, error) bool) {
		reader, f, err := open(i.file)
		if err != nil {
			yield(dump.Node{}, err)
			return
		}
		defer f.Close()
		reader.Nodes()(yield)
	}
}
