package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/etcdv2/client/internal/errs"
)

// A follower of etcd 0.x does not pass requests on that only the leader serves: it redirects them. Until the
// members have elected another leader, they redirect to the one that has died, or answer that there is none.
// Etcd built with Go 1.26 also sends a 307 for a path that is not clean, but that redirect names no host.

// leaderNamed returns the member to which the same request goes next, because v names it as the leader, or
// nil. It returns nil for a member that has been tried in this round.
func (c *Cluster) leaderNamed(v *Verdict, f *failover) *Member {
	if v.leader == nil || slices.Contains(f.tried, v.leader) {
		return nil
	}
	f.tried = append(f.tried, v.leader)
	return v.leader
}

// findLeader finds the member that v, a verdict of m, names as the leader. It reports whether m is a follower
// of this cluster, so that it has done nothing: whether the leader is a member that is known or that m lists.
func (c *Cluster) findLeader(ctx context.Context, m *Member, v *Verdict) (isFollower bool) {
	u, err := url.Parse(v.Leader)
	if err != nil || u.Host == "" {
		return false
	}
	if v.leader = c.members.find(u); v.leader != nil {
		return true
	}
	var named []string
	if asked := c.Ask(ctx, m, c.config.Questions.Machines(&named), dialTimeout); asked.Outcome != Done {
		v.Err = fmt.Errorf("%w; asked whether that is a member: %w", v.Err, errs.Bare(asked.Err))
		return false
	}
	for _, endpoint := range named {
		leader, err := parseMember(endpoint)
		if err != nil || findMember([]*Member{leader}, u) == nil {
			continue
		}
		if err := c.takesOn(ctx, leader); err != nil {
			v.Err = fmt.Errorf("%w, which %w", v.Err, err)
			return true
		}
		c.members.add([]*Member{leader})
		v.leader = c.members.find(u)
		return true
	}
	v.Err = fmt.Errorf("%w, which the member does not list", v.Err)
	return false
}

// errOtherScheme says of a member that credentials meant for TLS might go there without it.
var errOtherScheme = errors.New("is not reached by the scheme of the endpoints")
