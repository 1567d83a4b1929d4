package cluster

import (
	"net/url"
	"slices"
)

// leaderNamed returns the member that a follower of etcd 0.x names as the leader, or nil. The same request
// then goes to that member. It must be one of the members and must not have been tried yet: credentials and
// writes never go to a host that neither the user nor the cluster has named. Any other redirect is a refusal.
// Etcd built with Go 1.26 also sends a 307 for a path that is not clean, but that redirect names no host.
func (c *Cluster) leaderNamed(v Verdict, f *failover) *Member {
	if c.config.RefuseRedirects || v.Leader == "" {
		return nil
	}
	location, err := url.Parse(v.Leader)
	if err != nil || location.Host == "" {
		return nil
	}
	leader := c.members.find(location)
	if leader == nil || slices.Contains(f.tried, leader) {
		return nil
	}
	f.tried = append(f.tried, leader)
	return leader
}
