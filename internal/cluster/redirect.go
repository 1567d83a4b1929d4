package cluster

import (
	"context"
	"net/url"
	"slices"
)

// leaderNamed returns the member that a follower of etcd 0.x names as the leader in v, or nil. The same
// request then goes to that member, unless it has been tried in this round. Etcd built with Go 1.26 also sends
// a 307 for a path that is not clean, but that redirect names no host.
func (c *Cluster) leaderNamed(ctx context.Context, m *Member, v *Verdict, f *failover) *Member {
	if v.Leader == "" {
		return nil
	}
	leader := c.leaderAt(ctx, m, v.Leader)
	if leader == nil || slices.Contains(f.tried, leader) {
		return nil
	}
	f.tried = append(f.tried, leader)
	return leader
}

// leaderAt returns the member at location, or nil if there is none. If it is not known, m is asked for the
// members of its cluster, and the leader is taken on if it is one of them: credentials and writes never go to
// a host that neither the user nor the cluster has named.
func (c *Cluster) leaderAt(ctx context.Context, m *Member, location string) *Member {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return nil
	}
	if known := c.members.find(u); known != nil {
		return known
	}
	var named []string
	if c.Ask(ctx, m, c.config.Questions.Machines(&named), dialTimeout).Outcome != Done {
		return nil
	}
	for _, endpoint := range named {
		leader, err := parseMember(endpoint)
		if err != nil || findMember([]*Member{leader}, u) == nil || !c.takesOn(ctx, leader) {
			continue
		}
		c.members.add([]*Member{leader})
		return c.members.find(u)
	}
	return nil
}
