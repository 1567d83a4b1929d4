package cluster

import (
	"net/url"
	"slices"
)

// leaderNamed returns the member that a follower of etcd 0.x names as the leader, to which the same request
// is then to go, or nil. It must be one of the members and not have been tried yet: credentials and writes go
// to no host that neither the user nor the cluster named. Any other redirect is a refusal. Etcd built with Go
// 1.26 sends a 307, too, for a path it wants cleaned, but that names no host.
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
