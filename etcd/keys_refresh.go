package etcd

import (
	"context"
	"slices"
	"time"
)

// Refresh gives an existing key a new TTL and keeps its value. It returns ErrKeyNotFound if the key does not
// exist.
//
// If every member of the cluster runs etcd 2.3.7 or later, Refresh uses the servers' refresh parameter, and no
// watch sees it. Otherwise, and if the versions cannot be learned, Refresh is a Modify that changes only the
// TTL, and watches see it: with the parameter, members before 2.3.0 would erase the value, and members before
// 2.3.6 would lose events. All members count, because each applies the write to its own copy.
//
// From etcd 3.0 on, the version of the cluster is proof enough. In a cluster of etcd 2.3 it is the same for all
// patch levels, so Refresh asks each member. Each member must then be an endpoint at a client URL that it
// advertises, unless the cluster has only one member: behind one address for several members, nothing is known
// about the others. Refresh asks again after a minute, because an older member may have replaced another one.
//
// On etcd 2.3.7 to 3.4, a directory can be refreshed under the same conditions, and everything below it then
// lives as long. Otherwise the error is ErrNotFile, or ErrRaftInternal from etcd 3.5, which cannot do it, and
// the directory keeps its TTL.
func (c *Client) Refresh(ctx context.Context, key string, ttl time.Duration) (*Response, error) {
	if _, err := wireKey(key); err != nil {
		return nil, err
	}
	if err := checkTTL(key, &ttl); err != nil {
		return nil, err
	}
	refreshes, err := c.refreshes(ctx)
	if err != nil {
		return nil, err
	}
	if !refreshes {
		keep := func(current string) (string, error) { return current, nil }
		return c.Modify(ctx, key, keep, WithTTL(ttl))
	}
	return c.put(ctx, key, &write{ttl: &ttl, prevExist: &mustExist, refresh: true})
}

// refreshSupport is what was learned about the refresh parameter.
type refreshSupport struct {
	safe  bool      // every member knows it
	until time.Time // when to ask again; the zero time means never
}

// refreshes reports whether every member of the cluster keeps values and events when it is told to refresh. A
// server that hangs may take half of the time that is left. The error is that of a call that has ended.
func (c *Client) refreshes(ctx context.Context) (bool, error) {
	known := c.refresh.Load()
	if known == nil || !known.until.IsZero() && !time.Now().Before(known.until) {
		most := versionTimeout
		if deadline, ok := ctx.Deadline(); ok {
			most = min(most, time.Until(deadline)/2)
		}
		asking, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		safe, forGood, err := c.askRefreshes(asking)
		if err != nil && (ctx.Err() != nil || c.cluster.Life().Err() != nil) {
			return false, err
		}
		known = &refreshSupport{safe: safe}
		if !forGood {
			known.until = time.Now().Add(refreshAskedAgain)
		}
		c.refresh.Store(known)
	}
	return known.safe, nil
}

// askRefreshes asks the servers. forGood says that their answer will not change.
func (c *Client) askRefreshes(ctx context.Context) (safe, forGood bool, err error) {
	version, err := c.Version(ctx)
	switch {
	case err != nil || !atLeast(version.Cluster, 2, 3, 0) || c.cluster.Mixed():
		return false, false, err
	case atLeast(version.Cluster, 3, 0, 0):
		return true, true, nil // a cluster's version does not go back to 2.3
	}
	members, err := c.Members(ctx)
	if err != nil || len(members) == 1 {
		return err == nil && fixedRefresh(version.Server), false, err
	}
	for _, member := range members {
		if !fixedRefresh(c.ownVersion(ctx, member, members)) {
			return false, false, nil
		}
	}
	return true, false, nil
}

// fixedRefresh reports whether a server of that version does nothing wrong when it is told to refresh. Before
// 2.3.6 the event was missing in the history, which made watches fail or pass over others; before 2.3.7 a
// compare-and-swap erased the value.
func fixedRefresh(version string) bool { return atLeast(version, 2, 3, 7) }

// ownVersion asks one of members for its version, at an endpoint that it alone advertises. It returns "" if
// there is none, or no answer.
func (c *Client) ownVersion(ctx context.Context, member Member, members []Member) string {
	endpoints := c.Endpoints()
	for _, clientURL := range member.ClientURLs {
		named := 0
		for _, other := range members {
			if slices.Contains(other.ClientURLs, clientURL) {
				named++
			}
		}
		m, err := c.cluster.At(clientURL)
		if err == nil && named == 1 && slices.Contains(endpoints, m.Endpoint()) {
			return c.askVersion(ctx, m)
		}
	}
	return ""
}
