package etcd

import (
	"context"

	"github.com/etcdv2/client/internal/errs"
)

// Presence as the condition of a write: prevExist on the wire.
var (
	mustExist    = true
	mustNotExist = false
)

// Set stores value at key, whatever was there before, and creates missing directories above it. Without
// WithTTL the key does not expire, also where it did before. It returns ErrNotFile where key is a directory,
// and ErrNotDir where something above key is a file.
func (c *Client) Set(ctx context.Context, key, value string, opts ...SetOption) (*Response, error) {
	return c.put(ctx, key, with(opts, SetOption.applySet, &write{value: &value}))
}

// Create stores value at key, which must not exist: ErrNodeExist otherwise.
func (c *Client) Create(ctx context.Context, key, value string, opts ...CreateOption) (*Response, error) {
	return c.put(ctx, key, with(opts, CreateOption.applyCreate, &write{value: &value, prevExist: &mustNotExist}))
}

// Update stores value at key, which must exist: ErrKeyNotFound otherwise, ErrNotFile for a directory.
// CreatedIndex stays. Without an option the key's TTL is dropped, as etcd does it; WithTTL gives a new one,
// WithKeepTTL keeps what is left of the old.
func (c *Client) Update(ctx context.Context, key, value string, opts ...UpdateOption) (*Response, error) {
	u := with(opts, UpdateOption.applyUpdate, &update{write: write{value: &value, prevExist: &mustExist}})
	if !u.keepTTL {
		return c.put(ctx, key, &u.write)
	}
	if u.ttl != nil {
		return nil, errs.Invalidf("update of %q with both a new and the old TTL", key)
	}
	if err := checkValue("value", key, value); err != nil {
		return nil, err
	}
	return c.Modify(ctx, key, func(string) (string, error) { return value, nil })
}

type update struct {
	write
	keepTTL bool
}

// CompareAndSwap stores value at key if prev holds. It returns ErrCompareFailed where it does not,
// ErrKeyNotFound where the key is missing, and ErrNotFile for a directory. CreatedIndex stays; without
// WithTTL the key does not expire, also where it did before.
func (c *Client) CompareAndSwap(ctx context.Context, key, value string, prev Prev,
	opts ...CompareAndSwapOption,
) (*Response, error) {
	w := with(opts, CompareAndSwapOption.applyCompareAndSwap, &write{value: &value, prev: &prev})
	if w.unique && prev.Index == 0 {
		return c.swapByIndex(ctx, key, w)
	}
	return c.put(ctx, key, w)
}

// CreateInOrder stores value in dir under a key that the server names, greater than all it named before. The
// new key is Response.Node.Key. To go by order, compare CreatedIndex: servers before etcd 2.2 did not pad the
// names, so they do not sort. It returns ErrNotDir where dir is a file.
func (c *Client) CreateInOrder(ctx context.Context, dir, value string, opts ...CreateInOrderOption) (*Response, error) {
	return c.post(ctx, dir, with(opts, CreateInOrderOption.applyCreateInOrder, &write{value: &value}))
}
