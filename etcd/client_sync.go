package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sync asks the cluster for its members, and adds them to the endpoints that requests go to. It never removes a
// configured endpoint. With SelectLeader, calls then begin with the current leader.
//
// A member is added only if it answers here with the cluster's ID, which etcd 0.x does not have, and if its URL
// has the scheme of one of the endpoints, so that credentials meant for TLS stay on TLS. The error names the first
// member whose URL is not valid; the other members are added all the same. If the members cannot be asked for, or
// the cluster names none, the list stays as it was.
//
// Do not use Sync if the endpoints are proxies through which members are to be reached.
func (c *Client) Sync(ctx context.Context) error {
	err := c.sync(ctx)
	c.Observe(Synced{c.Endpoints(), err})
	return err
}

func (c *Client) sync(ctx context.Context) error {
	discovered := c.cluster.Discover(ctx)
	machines, err := c.Machines(ctx)
	if err != nil {
		return errors.Join(discovered, err)
	}
	learned := errors.Join(discovered, c.cluster.Advertise(ctx, machines))
	if c.selection == SelectLeader {
		return errors.Join(learned, c.pinLeader(ctx))
	}
	return learned
}

// pinLeader makes calls begin with the leader.
func (c *Client) pinLeader(ctx context.Context) error {
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	urls, err := c.urlsOf(ctx, leader)
	if err != nil {
		return err
	}
	for _, endpoint := range urls {
		if c.cluster.Pin(endpoint) {
			return nil
		}
	}
	return fmt.Errorf("etcd: none of the client URLs %q of the leader %q is a known endpoint; put one into Endpoints",
		urls, leader.Name)
}

// urlsOf returns the client URLs of the leader. Etcd 0.x names only its peer URL, but names the leader first
// among the members.
func (c *Client) urlsOf(ctx context.Context, leader Member) ([]string, error) {
	if leader.ID != "" {
		return leader.ClientURLs, nil
	}
	machines, err := c.Machines(ctx)
	return machines[:min(len(machines), 1)], err
}

// syncInBackground syncs now and at every interval, until the client is closed.
func (c *Client) syncInBackground(interval time.Duration) {
	c.cluster.Go(func() {
		life := c.cluster.Life()
		next := time.NewTicker(interval)
		defer next.Stop()
		for {
			// Not a child of life: the observer is to be told ErrClosed if Close ends the calls.
			ctx, cancel := context.WithTimeout(context.Background(), max(interval, leastSyncTime))
			// The observer is told of failures; the next interval is the next try.
			_ = c.Sync(ctx)
			cancel()
			select {
			case <-next.C:
			case <-life.Done():
				return
			}
		}
	})
}
