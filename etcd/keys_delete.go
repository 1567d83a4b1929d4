package etcd

import (
	"context"

	"github.com/etcdv2/client/gen"
)

// deletion is what a Delete asks for beside the key.
type deletion struct {
	recursive, dir bool
}

// Delete removes a file; with WithDir also an empty directory, with WithRecursive also a directory and all
// below it. What was there is Response.PrevNode. It returns ErrKeyNotFound where the key does not exist,
// ErrNotFile for a directory without an option, and ErrDirNotEmpty.
func (c *Client) Delete(ctx context.Context, key string, opts ...DeleteOption) (*Response, error) {
	d := with(opts, DeleteOption.applyDelete, &deletion{})
	return c.delete(ctx, key, &gen.DeleteKeyParams{Recursive: onlyTrue(d.recursive), Dir: onlyTrue(d.dir)})
}

// CompareAndDelete removes a file if prev holds. It returns ErrCompareFailed where it does not,
// ErrKeyNotFound where the key is missing, and ErrNotFile for a directory.
//
// Etcd reads the previous value of a deletion from the request line, of which etcd 3.x without TLS reads 4
// KiB: a longer request is ErrInvalidArgument, and Prev.Index the way to make it.
func (c *Client) CompareAndDelete(ctx context.Context, key string, prev Prev) (*Response, error) {
	if err := prev.check(key); err != nil {
		return nil, err
	}
	value, index := prev.wire()
	return c.delete(ctx, key, &gen.DeleteKeyParams{PrevValue: value, PrevIndex: index})
}

func (c *Client) delete(ctx context.Context, key string, params *gen.DeleteKeyParams) (*Response, error) {
	wire, err := wireKey(key)
	if err != nil {
		return nil, err
	}
	return c.onKeys(ctx, gen.NewDeleteKeyRequest(wire, params), toWrite)
}
