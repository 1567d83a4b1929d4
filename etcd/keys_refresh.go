package etcd

import (
	"context"
	"time"
)

// Refresh gives an existing key a new TTL and keeps its value. It returns ErrKeyNotFound where the key does
// not exist.
//
// From etcd 2.3.7 on no watch sees it. Older servers do not know the refresh parameter, or know it badly, and
// would erase the value; there Refresh is a Modify that changes nothing but the TTL, which watches see. The
// cluster's version determines which of the two applies; it is asked for until it is new enough.
//
// A directory can be refreshed on etcd 2.3.7 to 3.4, and what is below it then lives as long. Etcd 3.5 cannot
// and answers ErrRaftInternal, older servers ErrNotFile; it keeps its TTL there.
func (c *Client) Refresh(ctx context.Context, key string, ttl time.Duration) (*Response, error) {
	if _, err := wireKey(key); err != nil {
		return nil, err
	}
	if err := checkTTL(key, &ttl); err != nil {
		return nil, err
	}
	known, err := c.refreshKnown(ctx)
	if err != nil {
		return nil, err
	}
	if !known {
		keep := func(current string) (string, error) { return current, nil }
		return c.Modify(ctx, key, keep, WithTTL(ttl))
	}
	return c.put(ctx, key, &write{ttl: &ttl, prevExist: &mustExist, refresh: true})
}

// refreshKnown reports whether every member keeps the value when it is told to refresh.
func (c *Client) refreshKnown(ctx context.Context) (bool, error) {
	// A cluster's version never goes down, so a yes lasts.
	if c.refreshSafe.Load() {
		return true, nil
	}
	version, err := c.Version(ctx)
	if err != nil {
		return false, err
	}
	// The cluster's version is that of its oldest member without the patch level; the fixes of 2.3.7 can only
	// be asked of the member that answers.
	known := atLeast(version.Cluster, 2, 3, 0) && atLeast(version.Server, 2, 3, 7)
	if known {
		c.refreshSafe.Store(true)
	}
	return known, nil
}
