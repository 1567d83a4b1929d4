package v3tree

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// ImportOptions are those of Import.
type ImportOptions struct {
	// Mapping is the rule by which keys are named. Empty means Identity.
	Mapping Mapping

	// Limits are those of the server.
	Limits Limits

	// Markers keeps empty directories, as empty keys that end in a slash.
	Markers bool

	// LeaveOut passes over keys that no rule fits, which are an error otherwise.
	LeaveOut bool

	// Overwrite writes though there are keys where the mapping puts them. What is there and is not written stays.
	Overwrite bool

	// Source identifies what is imported, such as the SHA-256 of a file. An import that was broken off is resumed only if
	// the Source is the same.
	Source string

	// Checkpoint is the key that says how far the import is. Empty means DefaultCheckpoint. It stays behind.
	Checkpoint string

	// DryRun checks only, and writes nothing.
	DryRun bool

	// Rate is how many keys are written in a second at most. Zero means no limit.
	Rate int

	// Now returns the time by the clock that the nodes' Expires are of. Nil means this machine's. A file has the times of the
	// v2 server.
	Now func() time.Time

	// Progress is called after each transaction with what has been done so far, by this run and those before it. It can be nil.
	Progress func(ImportReport)
}

// DefaultCheckpoint is the Checkpoint of an import that names none.
const DefaultCheckpoint = "_etcd2/import"

// ImportReport is what an import has done, or would do.
type ImportReport struct {
	Keys    int // that were written, those that expire and markers among them
	Leased  int // of which expire
	Markers int // of which stand for empty directories
	Expired int // that had expired, and were passed over
	LeftOut int // that no rule fits
	Resumed int // that an earlier run had written
}

// ErrNotEmpty is the error of an import into keys that exist.
var ErrNotEmpty = errors.New("v3tree: there are keys already")

// ErrOtherSource is the error of an import where another one was broken off.
var ErrOtherSource = errors.New("v3tree: another import was broken off")

// Import writes a tree into v3. It calls open twice: it checks all nodes first, and writes only if nothing is wrong with any
// of them. The nodes are sorted by dump.Compare, and the same each time.
//
// Import can be broken off at any moment and called again: it goes on where it was. The checkpoint is written in the same
// transaction as the keys. Two imports with one checkpoint do not mix: the earlier one ends with ErrFenced.
func Import(ctx context.Context, client *clientv3.Client, open func() iter.Seq2[dump.Node, error], opts ImportOptions) (ImportReport, error) {
	i := &importing{ImportOptions: opts, client: client, leases: NewLeases(client)}
	if len(i.Mapping) == 0 {
		i.Mapping = Identity
	}
	if i.Checkpoint == "" {
		i.Checkpoint = DefaultCheckpoint
	}
	if i.Now != nil {
		i.skew = time.Until(i.Now())
	}
	if err := i.Mapping.Check(); err != nil {
		return ImportReport{}, err
	}
	report, err := i.check(open())
	if err != nil || i.DryRun {
		return report, err
	}
	if done, err := i.begin(ctx); done || err != nil {
		return i.state.Report, err
	}
	err = i.write(ctx, open())
	return i.state.Report, err
}

// importing is one Import.
type importing struct {
	ImportOptions
	client *clientv3.Client
	chain  *Chain
	leases *Leases
	skew   time.Duration // by which the clock of the nodes is ahead of this machine's
	state  importState
	batch  []put
	room   fill
	pace   pace
}

// importState is what the checkpoint holds.
type importState struct {
	Source string       `json:"source"`
	Last   string       `json:"last"` // key of v2, or of a marker
	Done   bool         `json:"done"`
	Report ImportReport `json:"report"`
}

// A put is a key to be written.
type put struct {
	key     string
	value   string
	expires time.Time // by this machine's clock
	marker  bool
}

// keyErrors is how many keys that cannot be imported are named.
const keyErrors = 20

// check looks at all nodes and returns what there is to write.
func (i *importing) check(nodes iter.Seq2[dump.Node, error]) (ImportReport, error) {
	var report ImportReport
	var errs []error
	found := collisions{mapping: i.Mapping, seen: map[string]string{}}
	for node, err := range Flatten(nodes, i.Markers) {
		if err != nil {
			return report, err
		}
		put, ok, err := i.convert(node, &report)
		if err == nil && ok {
			err = errors.Join(i.Limits.Check(put.key, put.value), found.add(node, put.key))
		}
		if err == nil && ok {
			i.count(put, &report)
		}
		if err == nil {
			continue
		}
		if errs = append(errs, err); len(errs) == keyErrors {
			break
		}
	}
	return report, errors.Join(errs...)
}

// convert returns what a node becomes, or false if it becomes nothing, which it counts.
func (i *importing) convert(node dump.Node, report *ImportReport) (put, bool, error) {
	key, ok := i.Mapping.Key(node.Key)
	switch {
	case !ok && !i.LeaveOut:
		return put{}, false, fmt.Errorf("%w: no rule fits %q", ErrMapping, node.Key)
	case !ok:
		report.LeftOut++
		return put{}, false, nil
	}
	p := put{key: key, value: node.Value, marker: node.Dir}
	if !node.Expires.IsZero() {
		if p.expires = node.Expires.Add(-i.skew); !p.expires.After(time.Now()) {
			report.Expired++
			return put{}, false, nil
		}
	}
	return p, true, nil
}

func (i *importing) count(p put, report *ImportReport) {
	report.Keys++
	if !p.expires.IsZero() {
		report.Leased++
	}
	if p.marker {
		report.Markers++
	}
}

// begin reads how far the import is, and reports whether nothing is left to do.
func (i *importing) begin(ctx context.Context) (bool, error) {
	var state importState
	chain, resumed, err := OpenChain(ctx, i.client, i.Checkpoint, &state)
	if err != nil {
		return false, err
	}
	i.chain = chain
	switch {
	case resumed && state.Source == i.Source:
		i.state = state
		i.state.Report.Resumed = state.Report.Keys
		return state.Done, nil
	case resumed && !state.Done:
		return false, fmt.Errorf("%w: %s is of %q; finish it, or remove the key", ErrOtherSource, i.Checkpoint, state.Source)
	}
	i.state = importState{Source: i.Source}
	if i.Overwrite {
		return false, nil
	}
	for node, err := range (Reader{Client: i.client, Mapping: i.Mapping, Except: i.Checkpoint, Page: 1}).Nodes(ctx) {
		if err == nil {
			err = fmt.Errorf("%w: one would be that of %q; remove them, or overwrite", ErrNotEmpty, node.Key)
		}
		return false, err
	}
	return false, nil
}

// write writes the nodes behind the last one that was written.
func (i *importing) write(ctx context.Context, nodes iter.Seq2[dump.Node, error]) error {
	i.room, i.pace = fill{limits: i.Limits}, pace{rate: i.Rate}
	last := i.state.Last
	for node, err := range Flatten(nodes, i.Markers) {
		if err != nil {
			return err
		}
		if last != "" && node.Key <= last {
			continue
		}
		p, ok, err := i.convert(node, &i.state.Report)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if !i.room.add(len(p.key), len(p.value)) {
			if err := i.flush(ctx); err != nil {
				return err
			}
			i.room.add(len(p.key), len(p.value))
		}
		i.batch, i.state.Last = append(i.batch, p), node.Key
	}
	i.state.Done = true
	return i.flush(ctx)
}

// flush writes the batch in one transaction.
func (i *importing) flush(ctx context.Context) error {
	for {
		next := i.state
		ops, err := i.ops(ctx, &next.Report)
		if err == nil {
			err = i.chain.Commit(ctx, ops, next)
		}
		if errors.Is(err, rpctypes.ErrLeaseNotFound) { // it has ended on the way
			i.leases.Forget()
			continue
		}
		if err != nil {
			return err
		}
		i.state = next
		break
	}
	n := len(i.batch)
	i.batch, i.room = i.batch[:0], fill{limits: i.Limits}
	if i.Progress != nil {
		i.Progress(i.state.Report)
	}
	return i.pace.wait(ctx, n)
}

// ops returns the operations of the batch, and counts them.
func (i *importing) ops(ctx context.Context, report *ImportReport) ([]clientv3.Op, error) {
	var ops []clientv3.Op
	for _, p := range i.batch {
		if p.expires.IsZero() {
			ops = append(ops, clientv3.OpPut(p.key, p.value))
			i.count(p, report)
			continue
		}
		lease, err := i.leases.For(ctx, p.expires)
		if err != nil {
			return nil, err
		}
		if lease == 0 {
			report.Expired++
			continue
		}
		ops = append(ops, clientv3.OpPut(p.key, p.value, clientv3.WithLease(lease)))
		i.count(p, report)
	}
	return ops, nil
}

// pace keeps writes to a rate.
type pace struct {
	rate  int // in a second; zero for any
	began time.Time
	done  int
}

// wait counts n writes and returns when more are allowed.
func (p *pace) wait(ctx context.Context, n int) error {
	if p.rate <= 0 {
		return ctx.Err()
	}
	if p.began.IsZero() {
		p.began = time.Now()
	}
	p.done += n
	return sleep.For(ctx, time.Until(p.began.Add(time.Duration(p.done)*time.Second/time.Duration(p.rate))))
}
