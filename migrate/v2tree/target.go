package v2tree

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
)

// tolerance is by how much the expiry of a node that was written may differ from what was asked for: etcd counts a TTL
// in whole seconds, from when the write arrives.
const tolerance = 3 * time.Second

// margin is how long a directory must have left for something to be written below it. A write that arrives after the
// directory has expired would make it again, without a TTL.
const margin = 2 * time.Second

// A target is a cluster that nodes are written into.
type target struct {
	client *etcd.Client
	opts   WriteOptions
	pace   pace
}

// errTime means that the time of a node is up.
var errTime = errors.New("its time is up")

// put writes one node. An error that is retryable means that no member has answered usably.
func (t *target) put(ctx context.Context, n dump.Node, ends time.Time) (Outcome, error) {
	p := &putting{target: t, node: n, ends: ends}
	var outcome Outcome
	err := patiently(ctx, t.opts.Patience, etcd.Retryable, func() (err error) {
		outcome, err = p.try(ctx)
		p.unsure = p.unsure || errors.Is(err, etcd.ErrOutcomeUnknown)
		return err
	})
	switch {
	case errors.Is(err, errTime):
		return Expired, nil
	case err != nil:
		return Failed, fmt.Errorf("%q: %w", n.Key, err)
	}
	return outcome, nil
}

// A putting is the writing of one node, which may take several tries.
type putting struct {
	*target
	node   dump.Node
	ends   time.Time // of the directories above it
	unsure bool      // whether an earlier try may have written
	looked bool      // whether a try has seen the key's index
	index  uint64    // which it was; 0 if the key did not exist
}

func (p *putting) try(ctx context.Context) (Outcome, error) {
	if !p.ends.IsZero() && time.Until(p.ends) < margin {
		return Expired, errTime
	}
	if _, err := p.ttl(); err != nil {
		return Expired, err
	}
	if p.opts.DryRun || p.unsure || p.opts.Policy == Compare {
		return p.compare(ctx)
	}
	switch {
	case p.node.Dir:
		return p.createDir(ctx)
	case p.opts.Policy == Overwrite:
		return p.set(ctx)
	}
	return p.create(ctx)
}

// compare reads the key, and then writes what the policy allows.
func (p *putting) compare(ctx context.Context) (Outcome, error) {
	resp, err := p.client.Get(ctx, p.node.Key, etcd.If(!p.opts.DryRun, etcd.WithQuorum()))
	switch {
	case errors.Is(err, etcd.ErrKeyNotFound):
		return p.absent(ctx)
	case err != nil:
		return Failed, err
	}
	there := resp.Node
	switch {
	case p.same(there) && p.unsure:
		return p.written(), nil
	case p.opts.Policy == Skip:
		return Kept, nil
	case p.same(there) && (p.opts.Policy == Compare || p.node.Dir):
		return Equal, nil
	case there.Dir != p.node.Dir:
		return Failed, p.conflict()
	case p.opts.DryRun:
		return Replaced, nil
	case p.node.Dir:
		return p.updateDir(ctx)
	case p.opts.Policy == Overwrite:
		return p.set(ctx)
	case !p.unchanged(there.ModifiedIndex):
		return Failed, errMeanwhile
	}
	return p.swap(ctx, there.ModifiedIndex)
}

func (p *putting) absent(ctx context.Context) (Outcome, error) {
	switch {
	case p.opts.DryRun:
		return Created, nil
	case p.node.Dir:
		return p.createDir(ctx)
	case p.opts.Policy == Overwrite:
		return p.set(ctx)
	case p.opts.Policy == Compare && !p.unchanged(0):
		return Failed, errMeanwhile
	}
	return p.create(ctx)
}

// unchanged reports whether the key still has the index, 0 for none, that the first try saw.
func (p *putting) unchanged(index uint64) bool {
	if !p.looked {
		p.looked, p.index = true, index
	}
	return p.index == index
}

// same reports whether the target has the node already.
func (p *putting) same(there *etcd.Node) bool {
	switch {
	case there.Dir != p.node.Dir || !there.Dir && there.Value != p.node.Value:
		return false
	case there.Expiration.IsZero() || p.node.Expires.IsZero():
		return there.Expiration.IsZero() && p.node.Expires.IsZero()
	}
	return there.Expiration.Sub(p.node.Expires).Abs() <= tolerance
}

// written is the outcome of a node that an earlier try has written, or that was there before it.
func (p *putting) written() Outcome {
	if p.opts.Policy == Skip {
		return Created
	}
	return Replaced
}

func (p *putting) conflict() error {
	if p.node.Dir {
		return errors.New("a directory in the source, and a file in the target")
	}
	return errors.New("a file in the source, and a directory in the target")
}
