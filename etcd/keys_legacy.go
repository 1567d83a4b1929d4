package etcd

import (
	"context"

	"github.com/etcdv2/client/gen"
)

// Etcd 0.x (seen on 0.4.9) reports indexes from which a watch cannot go on. After a quorum read the index in
// the header is that of the node, so a watch would replay events, or find that they are cleared. After a
// plain read it may be ahead of the data, so a watch would miss an event. Its replies have no cluster ID.

func isLegacy(resp *Response) bool { return resp.ClusterID == "" }

// legacyRead makes a quorum read of etcd 0.x and sets its Index to one that the data has reached: the store's
// index before the read, which the refusal to read a missing key reports, or a later one in the answer.
func (c *Client) legacyRead(ctx context.Context, wire string, query *getQuery) (*Response, error) {
	index, err := c.storeIndex(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := c.read(ctx, wire, query)
	if err != nil {
		return nil, err
	}
	if !isLegacy(resp) { // it has been upgraded
		c.legacy.Store(false)
		return resp, nil
	}
	resp.Index = index
	for node := range resp.Node.Walk() {
		resp.Index = max(resp.Index, node.ModifiedIndex)
	}
	return resp, nil
}

// storeIndex returns the index of the store by a quorum read of a key that does not exist.
func (c *Client) storeIndex(ctx context.Context) (uint64, error) {
	query := getQuery{quorum: true}
	return indexTold(c.onKeys(ctx, gen.NewGetKeyRequest(noKey, query.params()), toRead, asked{key: noKey, query: query}))
}

// getToFollow is a Get after whose Index a watch misses nothing.
func (c *Client) getToFollow(ctx context.Context, key string, opts ...GetOption) (*Response, error) {
	resp, err := c.Get(ctx, key, opts...)
	if err == nil && isLegacy(resp) {
		return c.Get(ctx, key, append(opts, WithQuorum())...)
	}
	return resp, err
}

// legacyEmpty gives key, which must exist, the empty value and no TTL. Etcd 0.x refuses that as an update,
// but not as a compare-and-swap.
func (c *Client) legacyEmpty(ctx context.Context, key string) (*Response, error) {
	empty := func(string) (string, error) { return "", nil }
	m := &modify{key: key, change: empty, dropTTL: true}
	return m.run(ctx, c)
}
