package etcd

import (
	"context"
	"fmt"
)

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
// Versions up to 3.4 can.
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
		return nil, fmt.Errorf("update directory %q: %w", dir, ErrNotDir)
	}
	return c.put(ctx, dir, w)
}
