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

// Set stores value at key, whether the key exists or not, and creates missing directories above it. Without
// WithTTL the key does not expire, even if it did before. Set returns ErrNotFile if key is a directory, and
// ErrNotDir if a part of the path above key is a file.
func (c *Client) Set(ctx context.Context, key, value string, opts ...SetOption) (*Response, error) {
	return c.put(ctx, key, with(opts, SetOption.applySet, &write{value: &value}))
}

// Create stores value at key, which must not exist. Otherwise it returns ErrNodeExist.
func (c *Client) Create(ctx context.Context, key, value string, opts ...CreateOption) (*Response, error) {
	return c.put(ctx, key, with(opts, CreateOption.applyCreate, &write{value: &value, prevExist: &mustNotExist}))
}

// Update stores value at key, which must exist and keeps its CreatedIndex. It returns ErrKeyNotFound if the key
// does not exist, and ErrNotFile if it is a directory. Without an option, the key loses its TTL, as it does in
// etcd. WithTTL gives it a new one, and WithKeepTTL keeps the time that is left. On etcd 0.x an empty value
// without a TTL is stored by a compare-and-swap, and the Action says so.
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

// CompareAndSwap stores value at key if prev holds. It returns ErrCompareFailed if prev does not hold,
// ErrKeyNotFound if the key does not exist, and ErrNotFile if it is a directory. The key keeps its CreatedIndex.
// Without WithTTL it does not expire, even if it did before.
func (c *Client) CompareAndSwap(ctx context.Context, key, value string, prev Prev,
	opts ...CompareAndSwapOption,
) (*Response, error) {
	w := with(opts, CompareAndSwapOption.applyCompareAndSwap, &write{value: &value, prev: &prev})
	if w.unique && prev.Index == 0 {
		return c.swapByIndex(ctx, key, w)
	}
	return c.put(ctx, key, w)
}

// CreateInOrder stores value in dir under a key that the server chooses, greater than all that it has chosen
// there before. The new key is Response.Node.Key. To sort such keys, compare their CreatedIndex: servers before
// etcd 2.2 do not pad the names, so the names do not sort. CreateInOrder returns ErrNotDir if dir is a file.
//
// To use dir as a queue, consumers watch it, WithRecursive and WithCurrent, and call CompareAndDelete for each node
// with its ModifiedIndex. The consumer whose call succeeds has taken the node. ErrKeyNotFound means that another
// consumer was faster, and ErrCompareFailed that the node was written in the meantime: read it again. The program
// examples/queue does so.
func (c *Client) CreateInOrder(ctx context.Context, dir, value string, opts ...CreateInOrderOption) (*Response, error) {
	return c.post(ctx, dir, with(opts, CreateInOrderOption.applyCreateInOrder, &write{value: &value}))
}

// CreateDir creates an empty directory, and missing directories above it. It returns ErrNodeExist if the key
// exists, as a file or as a directory, and leaves it unchanged.
func (c *Client) CreateDir(ctx context.Context, dir string, opts ...SetOption) (*Response, error) {
	return c.put(ctx, dir, with(opts, SetOption.applySet, &write{dir: true, prevExist: &mustNotExist}))
}

// UpdateDir gives an existing directory a new TTL, or removes its TTL if WithTTL is not given. When the TTL
// expires, everything below the directory is deleted with it. UpdateDir returns ErrKeyNotFound if dir does not
// exist, and ErrNotDir if it is a file. It finds that out first, with a quorum read, because etcd would accept
// the update and erase the value of the file.
//
// Etcd 3.5 answers every such update with ErrRaftInternal, and the directory keeps its TTL. Versions up to 3.4
// can do it. Etcd 0.x cannot remove a TTL, and answers ErrValueOrTTLRequired.
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

// Delete deletes a file. With WithDir it also deletes an empty directory, and with WithRecursive a directory and
// everything below it. Response.PrevNode is the node that was deleted. Delete returns ErrKeyNotFound if the key
// does not exist, ErrNotFile if it is a directory and no option is given, and ErrDirNotEmpty if WithDir is given
// and the directory is not empty.
//
// A key that is not valid UTF-8, which another client may have created, is ErrInvalidArgument. Members that have
// restarted since then know it by another name. A deletion by either name would succeed on some members only,
// and their indexes would differ from then on. Delete the directory above it, WithRecursive.
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

// CompareAndDelete deletes a file if prev holds. It returns ErrCompareFailed if prev does not hold,
// ErrKeyNotFound if the key does not exist, and ErrNotFile if it is a directory.
//
// Etcd reads the previous value of a deletion from the request line, of which etcd 3.x without TLS reads at most
// 4 KiB. A longer request is ErrInvalidArgument, unless the server is known to be an older version. Use
// Prev.Index instead.
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
