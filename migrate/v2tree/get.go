package v2tree

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcdv2/client/etcd"
)

// get reads a key from a member that is not behind what is known of the cluster.
func (t *Tree) get(ctx context.Context, key string) (*etcd.Response, error) {
	var resp *etcd.Response
	err := patiently(ctx, t.opts.Patience, t.mayRetry, func() (err error) {
		resp, err = t.client.Get(ctx, key, etcd.If(t.opts.Quorum, etcd.WithQuorum()), etcd.If[etcd.GetOption](t.opts.OneIndex, etcd.WithRecursive()))
		return t.judge(resp, err)
	})
	return resp, err
}

// mayRetry reports whether a read may be made again. The first one is not, if no member answers: an address may be wrong.
func (t *Tree) mayRetry(err error) bool {
	var behind *behindError
	return errors.As(err, &behind) || t.root != nil && etcd.Retryable(err)
}

// judge takes note of the index of an answer. A lagging member may also say that a key does not exist, so the index of
// such an answer counts, too.
func (t *Tree) judge(resp *etcd.Response, err error) error {
	var index uint64
	var refusal *etcd.Error
	switch {
	case err == nil:
		index = resp.Index
	case gone(err) && errors.As(err, &refusal):
		index = refusal.Index
	default:
		return err
	}
	if floor := max(t.opts.MinIndex, t.highest); index < floor {
		return &behindError{index, floor}
	}
	if t.lowest == 0 || index < t.lowest {
		t.lowest = index
	}
	t.highest = max(t.highest, index)
	return err
}

// A behindError is the answer of a member that lags.
type behindError struct {
	index, floor uint64
}

func (e *behindError) Error() string {
	return fmt.Sprintf("the member that answers is at etcd index %d, and the cluster has reached %d", e.index, e.floor)
}
