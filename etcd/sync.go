package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Sync asks the cluster for its members, and from then on requests go to them too. The configured
// endpoints stay in the list whatever the answer. A member is taken on only if it answers here, and
// speaks the scheme that one of the endpoints does, so that credentials meant for TLS stay on it.
// With SelectLeader, calls begin with the member that leads now. If the members cannot be asked for,
// or none are named, the list stays as it was. Do not use Sync where the endpoints are proxies that
// members are to be reached through.
func (c *Client) Sync(ctx context.Context) error {
	err := c.sync(ctx)
	c.cluster.observe(Synced{c.cluster.roster.endpoints(), err})
	return err
}

func (c *Client) sync(ctx context.Context) error {
	discovered := c.cluster.discover(ctx)
	machines, err := c.Machines(ctx)
	if err != nil {
		return errors.Join(discovered, err)
	}
	if len(machines) == 0 {
		return errors.Join(discovered, errors.New("etcd: the cluster names no members"))
	}
	var advertised []*member
	for _, machine := range machines {
		m, err := parseMember(machine)
		if err != nil {
			return fmt.Errorf("etcd: the cluster names a member that is none: %w", err)
		}
		if c.cluster.takesOn(ctx, m) {
			advertised = append(advertised, m)
		}
	}
	c.cluster.roster.advertise(advertised)
	if c.selection == SelectLeader {
		return errors.Join(discovered, c.pinLeader(ctx))
	}
	return discovered
}

// pinLeader makes calls begin with the leader.
func (c *Client) pinLeader(ctx context.Context) error {
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	for _, endpoint := range leader.ClientURLs {
		u, err := url.Parse(endpoint)
		if err != nil {
			continue
		}
		if m := c.cluster.roster.find(u); m != nil {
			c.cluster.roster.pin(m)
			return nil
		}
	}
	return fmt.Errorf("etcd: leader %s is at none of the known endpoints", leader.Name)
}

// takesOn reports whether m, which the cluster has named, can be used.
func (c *cluster) takesOn(ctx context.Context, m *member) bool {
	if c.roster.find(m.base) != nil {
		return true
	}
	sameScheme := false
	for _, known := range c.roster.all() {
		sameScheme = sameScheme || known.seed && known.base.Scheme == m.base.Scheme
	}
	if !sameScheme {
		return false
	}
	_, err := c.inquire(ctx, m, http.MethodHead, "/v2/machines", dialTimeout)
	return err == nil
}

// syncInBackground syncs now and at every interval, until the client is closed.
func (c *Client) syncInBackground(interval time.Duration) {
	c.cluster.background.Go(func() {
		next := time.NewTicker(interval)
		defer next.Stop()
		for {
			ctx, cancel := context.WithTimeout(c.cluster.life, max(interval, time.Second))
			// The observer is told of failures; the next interval is the next try.
			_ = c.Sync(ctx)
			cancel()
			select {
			case <-next.C:
			case <-c.cluster.life.Done():
				return
			}
		}
	})
}
