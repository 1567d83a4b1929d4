package cluster

import (
	"context"
	"fmt"
	"net/url"
)

// Endpoints returns the URLs of the members that calls can go to now.
func (c *Cluster) Endpoints() []string { return c.members.endpoints() }

// Discover adds what Config.Discover finds to the members. It does nothing without that.
func (c *Cluster) Discover(ctx context.Context) error {
	if c.config.Discover == nil {
		return nil
	}
	endpoints, err := c.config.Discover(ctx)
	if err != nil {
		return err
	}
	members := make([]*Member, len(endpoints))
	for i, endpoint := range endpoints {
		if members[i], err = parseMember(endpoint); err != nil {
			return err
		}
		members[i].seed = true
	}
	c.members.add(members)
	return nil
}

// Advertise makes the members the configured ones and those of the endpoints, which the cluster has named,
// that can be used.
func (c *Cluster) Advertise(ctx context.Context, endpoints []string) error {
	var usable []*Member
	for _, endpoint := range endpoints {
		m, err := parseMember(endpoint)
		if err != nil {
			return fmt.Errorf("etcd: the cluster names a member that is none: %w", err)
		}
		if c.takesOn(ctx, m) {
			usable = append(usable, m)
		}
	}
	c.members.advertise(usable)
	return nil
}

// takesOn reports whether m, which the cluster has named, can be used.
func (c *Cluster) takesOn(ctx context.Context, m *Member) bool {
	if c.members.find(m.base) != nil {
		return true
	}
	sameScheme := false
	for _, known := range c.members.all() {
		sameScheme = sameScheme || known.seed && known.base.Scheme == m.base.Scheme
	}
	return sameScheme && c.Ask(ctx, m, c.config.Questions.Presence(), dialTimeout).Outcome == Done
}

// Pin makes calls begin with the member at endpoint. It returns false if there is none.
func (c *Cluster) Pin(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	m := c.members.find(u)
	if m != nil {
		c.members.pin(m)
	}
	return m != nil
}

// At returns the member that is reached at endpoint: one that calls can go to, or another.
func (c *Cluster) At(endpoint string) (*Member, error) {
	if u, err := url.Parse(endpoint); err == nil {
		if known := c.members.find(u); known != nil {
			return known, nil
		}
	}
	return parseMember(endpoint)
}
