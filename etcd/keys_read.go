package etcd

import (
	"context"
	"errors"

	"github.com/etcdv2/client/gen"
)

// getQuery is what a Get asks for beside the key.
type getQuery struct {
	recursive, sorted, quorum bool
}

func (q getQuery) params() *gen.GetKeyParams {
	return &gen.GetKeyParams{
		Recursive: onlyTrue(q.recursive),
		Sorted:    onlyTrue(q.sorted),
		Quorum:    onlyTrue(q.quorum),
	}
}

// onlyTrue returns a boolean parameter for the wire, left out where it is false.
func onlyTrue(set bool) *bool {
	if !set {
		return nil
	}
	return &set
}

// Get reads a key: a file with its value, or a directory with its direct children. With WithRecursive it reads
// everything below the directory. "/" is the root. Hidden nodes are not listed, so a recursive read is not a
// complete backup.
//
// Without WithQuorum the member answers from its own copy, which may be behind. Get returns ErrKeyNotFound if
// the key does not exist, and ErrNotDir if a part of the path above it is a file. To watch such a key from that
// moment on, pass the Index of the *Error to WithAfterIndex. If a member that lags behind what the client has seen
// says that a key does not exist, a quorum read decides.
func (c *Client) Get(ctx context.Context, key string, opts ...GetOption) (*Response, error) {
	wire, err := wireKey(key)
	if err != nil {
		return nil, err
	}
	query := with(opts, GetOption.applyGet, &getQuery{})
	if query.quorum && c.legacy.Load() {
		return c.legacyRead(ctx, wire, query)
	}
	resp, err := c.read(ctx, wire, query)
	if err == nil && query.quorum && isLegacy(resp) {
		c.legacy.Store(true)
		return c.legacyRead(ctx, wire, query)
	}
	return resp, err
}

func (c *Client) read(ctx context.Context, wire string, query *getQuery) (*Response, error) {
	want := toReadCopy
	if query.quorum {
		want = toRead
	}
	return c.onKeys(ctx, gen.NewGetKeyRequest(wire, query.params()), want, asked{key: wire, action: ActionGet, query: *query})
}

// Exists reports whether key is a file or a directory. The member answers from its own copy, which may be
// behind. Exists reads at most 64 KiB of a large directory.
func (c *Client) Exists(ctx context.Context, key string) (bool, error) {
	wire, err := wireKey(key)
	if err != nil {
		return false, err
	}
	// A HEAD would be cheaper, but its answer has nothing that ties it to the key.
	call := newKeysCall(gen.NewGetKeyRequest(wire, nil), toReadCopy, asked{key: wire, action: ActionGet, brief: true})
	err = c.do(ctx, &call.Call)
	if absent(err) {
		return false, nil
	}
	return err == nil, err
}

// head returns the store's index as the reply to a HEAD of key tells it.
func (c *Client) head(ctx context.Context, key string) (uint64, error) {
	wire, err := wireKey(key)
	if err != nil {
		return 0, err
	}
	call := newKeysCall(gen.NewHeadKeyRequest(wire, nil), toReadCopy, asked{key: wire})
	err = c.do(ctx, &call.Call)
	return call.index, err
}

// present returns the store's present index, as a member tells it that is asked for key.
func (c *Client) present(ctx context.Context, key string) (uint64, error) {
	index, err := c.head(ctx, key)
	if absent(err) {
		return indexOf(err), nil
	}
	return index, err
}

// absent reports whether err says that there is no such key.
func absent(err error) bool { return errors.Is(err, ErrKeyNotFound) || errors.Is(err, ErrNotDir) }

// indexOf returns the etcd index that a refusal tells, or 0.
func indexOf(err error) uint64 {
	var reply *Error
	if errors.As(err, &reply) {
		return reply.Index
	}
	return 0
}

// indexTold returns the store's index that the outcome of a read tells, also where there is no such key.
func indexTold(resp *Response, err error) (uint64, error) {
	switch {
	case err == nil:
		return resp.Index, nil
	case absent(err):
		return indexOf(err), nil
	}
	return 0, err
}
