package etcdtest

import (
	"fmt"
	"slices"
)

// NewMember prepares one more member and does not start it: the cluster has to be told of its
// [Member.PeerURL] first, by a client. Then [Member.Restart] starts it, and it joins the cluster. It is
// closed with the cluster. Do not call NewMember at the same time as other methods of the cluster.
//
// To replace a member, remove the old one by a client, stop it, and add a new one. [Cluster.Members] keeps both.
func (c *Cluster) NewMember() (*Member, error) {
	if c.closed.Load() {
		return nil, fmt.Errorf("etcdtest: new member: %w", errClosed)
	}
	first := c.members[0]
	m, err := c.prepareMember(len(c.members), first.spec)
	if err != nil {
		return nil, err
	}
	m.launch = first.launch
	m.spec.Joins = true
	c.members = append(slices.Clone(c.members), m)
	return m, nil
}

// PeerURL returns the URL at which the other members reach this one. It stays the same over restarts.
func (m *Member) PeerURL() string { return m.spec.PeerURL() }
