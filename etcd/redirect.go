package etcd

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// leaderNamed returns the member that a follower of etcd 0.x names as the leader, to which
// the same request is then to go, or nil. It must be a member of the roster that was not tried yet:
// credentials and writes go to no host that neither the user nor the cluster named. Any other
// redirect is a refusal. Etcd built with Go 1.26 sends a 307 too, for a path it wants cleaned, but
// that names no host.
func (c *cluster) leaderNamed(err error, way *course) *member {
	var reply *Error
	if c.noRedirects || !errors.As(err, &reply) || reply.StatusCode != http.StatusTemporaryRedirect {
		return nil
	}
	location, err := url.Parse(reply.location)
	if err != nil || location.Host == "" {
		return nil
	}
	leader := c.roster.find(location)
	if leader == nil || slices.Contains(way.tried, leader) {
		return nil
	}
	way.tried = append(way.tried, leader)
	return leader
}
