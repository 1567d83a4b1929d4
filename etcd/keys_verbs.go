package etcd

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcdv2/client/gen"
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
// WithKeepTTL keeps what is left of the old. On etcd 0.x an empty value without a TTL is stored by a
// compare-and-swap, which is then the Action.
func (c *Client) Update(ctx context.Context, key, value string, opts ...UpdateOption) (*Response, error) {
	u := with(opts, UpdateOption.applyUpdate, &update{write: write{value: &value, prevExist: &mustExist}})
	if !u.keepTTL {
		resp, err := c.put(ctx, key, &u.write)
		if errors.Is(err, ErrValueOrTTLRequired) {
			return c.legacyEmpty(ctx, key)
		}
		return resp, err
	}
	if u.ttl != nil {
		return nil, errs.Invalidf("update %s: both WithTTL and WithKeepTTL", key)
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

// CreateDir makes an empty directory and missing ones above it. It returns ErrNodeExist where the key exists,
// as file or directory; neither is touched.
func (c *Client) CreateDir(ctx context.Context, dir string, opts ...SetOption) (*Response, error) {
	return c.put(ctx, dir, with(opts, SetOption.applySet, &write{dir: true, prevExist: &mustNotExist}))
}

// UpdateDir gives an existing directory a new TTL, or none without WithTTL; when it runs out, all that is
// below goes with it. It returns ErrKeyNotFound where dir does not exist, and ErrNotDir where it is a file,
// which is looked up first with a quorum read: etcd itself would take the update and erase the file's value.
//
// Etcd 3.5 cannot do it and answers ErrRaftInternal to every such update; the directory keeps its TTL.
// Versions up to 3.4 can. Etcd 0.x cannot take a TTL away, and answers ErrValueOrTTLRequired.
func (c *Client) UpdateDir(ctx context.Context, dir string, opts ...SetOption) (*Response, error) {
	w := with(opts, SetOption.applySet, &write{dir: true, prevExist: &mustExist})
	if err := checkTTL(dir, w.ttl); err != nil {
		return nil, err
	}
	current, err := c.Get(ctx, dir, WithQuorum())
	if err != nil {
		return nil, err
	}
	if !current.Node.Dir {
		return nil, failed("update directory", dir, ErrNotDir)
	}
	return c.put(ctx, dir, w)
}

// deletion is what a Delete asks for beside the key.
type deletion struct {
	recursive, dir bool
}

// Delete removes a file; with WithDir also an empty directory, with WithRecursive also a directory and all
// below it. What was there is Response.PrevNode. It returns ErrKeyNotFound where the key does not exist,
// ErrNotFile for a directory without an option, and ErrDirNotEmpty.
//
// A key that is not valid UTF-8, which another client may have created, is ErrInvalidArgument: members that
// have restarted since know it by another name, and a deletion by either name would succeed on some members
// only, so that their indexes would differ from then on. Delete the directory that it is in, WithRecursive.
func (c *Client) Delete(ctx context.Context, key string, opts ...DeleteOption) (*Response, error) {
	d := with(opts, DeleteOption.applyDelete, &deletion{})
	params := &gen.DeleteKeyParams{Recursive: onlyTrue(d.recursive), Dir: onlyTrue(d.dir)}
	resp, err := c.delete(ctx, key, params, asked{action: ActionDelete})
	switch {
	case errors.Is(err, ErrNotFile):
		err = fmt.Errorf("%w; WithDir deletes an empty directory, WithRecursive any directory with its content", err)
	case errors.Is(err, ErrDirNotEmpty):
		err = fmt.Errorf("%w; WithRecursive deletes a directory with its content, hidden nodes included", err)
	}
	return resp, err
}

// CompareAndDelete removes a file if prev holds. It returns ErrCompareFailed where it does not,
// ErrKeyNotFound where the key is missing, and ErrNotFile for a directory.
//
// Etcd reads the previous value of a deletion from the request line, of which etcd 3.x without TLS reads 4
// KiB. A longer request is ErrInvalidArgument, unless the server says that it is an older version; use
// Prev.Index.
func (c *Client) CompareAndDelete(ctx context.Context, key string, prev Prev) (*Response, error) {
	if err := prev.check(key); err != nil {
		return nil, err
	}
	value, index := prev.wire()
	params := &gen.DeleteKeyParams{PrevValue: value, PrevIndex: index}
	return c.delete(ctx, key, params, asked{action: ActionCompareAndDelete, prev: &prev})
}

func (c *Client) delete(ctx context.Context, key string, params *gen.DeleteKeyParams, what asked) (*Response, error) {
	wire, err := wireKey(key)
	what.key = wire
	if err != nil {
		return nil, err
	}
	return c.onKeys(ctx, gen.NewDeleteKeyRequest(wire, params), toWrite, what)
}
