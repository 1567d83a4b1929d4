package v2tree

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
)

// ttl returns the option for the time that the node has left now, nil if it does not expire, or errTime.
func (p *putting) ttl() (etcd.TTLOption, error) {
	if p.node.Expires.IsZero() {
		return nil, nil
	}
	left := time.Until(p.node.Expires)
	if left <= 0 {
		return nil, errTime
	}
	return etcd.WithTTL(max(left, time.Second)), nil // etcd counts whole seconds
}

// create creates a file. If it exists, the policy decides.
func (p *putting) create(ctx context.Context) (Outcome, error) {
	p.pace.wait(ctx)
	ttl, err := p.ttl()
	if err != nil {
		return Expired, err
	}
	_, err = p.client.Create(ctx, p.node.Key, p.node.Value, ttl)
	switch {
	case errors.Is(err, etcd.ErrNodeExist) && p.unsure:
		return p.compare(ctx) // it may be an earlier try that was late
	case errors.Is(err, etcd.ErrNodeExist) && p.opts.Policy == Skip:
		return Kept, nil
	case errors.Is(err, etcd.ErrNodeExist):
		return Failed, errMeanwhile
	}
	return Created, err
}

// errMeanwhile means that somebody else writes to the same key.
var errMeanwhile = errors.New("somebody else has written the key since it was read")

func (p *putting) set(ctx context.Context) (Outcome, error) {
	p.pace.wait(ctx)
	ttl, err := p.ttl()
	if err != nil {
		return Expired, err
	}
	resp, err := p.client.Set(ctx, p.node.Key, p.node.Value, ttl)
	switch {
	case errors.Is(err, etcd.ErrNotFile):
		return Failed, p.conflict()
	case err != nil:
		return Failed, err
	case resp.PrevNode == nil && !p.unsure:
		return Created, nil
	}
	return Replaced, nil
}

func (p *putting) swap(ctx context.Context, index uint64) (Outcome, error) {
	p.pace.wait(ctx)
	ttl, err := p.ttl()
	if err != nil {
		return Expired, err
	}
	_, err = p.client.CompareAndSwap(ctx, p.node.Key, p.node.Value, etcd.Prev{Index: index}, ttl)
	switch {
	case errors.Is(err, etcd.ErrCompareFailed) && p.unsure:
		return p.compare(ctx) // it may be an earlier try that was late
	case errors.Is(err, etcd.ErrCompareFailed):
		return Failed, errMeanwhile
	}
	return Replaced, err
}

// createDir creates a directory. If it exists, compare decides.
func (p *putting) createDir(ctx context.Context) (Outcome, error) {
	p.pace.wait(ctx)
	ttl, err := p.ttl()
	if err != nil {
		return Expired, err
	}
	_, err = p.client.CreateDir(ctx, p.node.Key, ttl)
	switch {
	case errors.Is(err, etcd.ErrNodeExist) && p.opts.Policy == Skip:
		return Kept, nil
	case errors.Is(err, etcd.ErrNodeExist):
		return p.existingDir(ctx)
	}
	return Created, err
}

func (p *putting) existingDir(ctx context.Context) (Outcome, error) {
	resp, err := p.client.Get(ctx, p.node.Key, etcd.WithQuorum())
	switch {
	case errors.Is(err, etcd.ErrKeyNotFound):
		return Failed, errMeanwhile
	case err != nil:
		return Failed, err
	case !resp.Node.Dir:
		return Failed, p.conflict()
	case p.same(resp.Node):
		return Equal, nil
	}
	return p.updateDir(ctx)
}

// updateDir gives a directory that exists the TTL of the node, or removes its TTL.
func (p *putting) updateDir(ctx context.Context) (Outcome, error) {
	p.pace.wait(ctx)
	ttl, err := p.ttl()
	if err != nil {
		return Expired, err
	}
	_, err = p.client.UpdateDir(ctx, p.node.Key, ttl)
	if errors.Is(err, etcd.ErrRaftInternal) {
		return Failed, errors.New("the directory exists with another TTL, which etcd 3.5 cannot change; delete it there first")
	}
	return Replaced, err
}
