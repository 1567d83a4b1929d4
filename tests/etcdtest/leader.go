package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// Leader returns the member that a majority of the cluster's members call their leader.
// Members that were removed, or not yet added, do not count. It waits until there is one
// or ctx ends.
func (c *Cluster) Leader(ctx context.Context) (*Member, error) {
	var leader *Member
	err := poll(ctx, func(ctx context.Context) error {
		leader = elected(c.votes(ctx))
		if leader == nil {
			return errors.New("no majority agrees on one")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("etcdtest: find the leader: %w", err)
	}
	return leader, nil
}

// A vote is what a running member says of the cluster.
type vote struct {
	member  *Member
	leader  []string // URLs for peers of its leader
	members []peer
}

// votes asks every running member at the same time. The answer comes from the state of raft.
// That in /v2/stats/self does not: a message that the old leader sent before its end can put
// its name back there, for good.
func (c *Cluster) votes(ctx context.Context) []vote {
	votes := make([]vote, len(c.members))
	var asking sync.WaitGroup
	for i, m := range c.members {
		votes[i].member = m
		if m.running() == nil {
			continue
		}
		asking.Go(func() {
			list, err := m.peers(ctx)
			if err != nil {
				return
			}
			if leader, err := m.leader(ctx, list); err == nil {
				votes[i].leader, votes[i].members = leader, list
			}
		})
	}
	asking.Wait()
	return votes
}

// leader returns the URLs for peers of the member that this one calls its leader.
func (m *Member) leader(ctx context.Context, known []peer) ([]string, error) {
	if m.spec.WithoutV2 {
		return m.leaderOfV3(ctx, known)
	}
	var leader struct{ PeerURLs []string }
	_, err := m.ask(ctx, m.URL()+"/v2/members/leader", quickTimeout, &leader)
	return leader.PeerURLs, err
}

// leaderOfV3 asks the v3 API, which tells the leader's ID.
func (m *Member) leaderOfV3(ctx context.Context, known []peer) ([]string, error) {
	var reply struct {
		Header struct {
			Cluster uint64 `json:"cluster_id,string"`
		}
		Leader uint64 `json:",string"`
	}
	url := m.URL() + "/v3/maintenance/status"
	status, err := m.request(ctx, http.MethodPost, url, quickTimeout, &reply, anyReply)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("POST %s is answered with status %d", url, status)
	}
	if err == nil {
		err = m.cluster.isOwn(strconv.FormatUint(reply.Header.Cluster, 16), url)
	}
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if p.ID == reply.Leader {
			return p.PeerURLs, nil
		}
	}
	return nil, fmt.Errorf("the leader that %s names is not a member", url)
}

// elected returns the member that calls itself the leader and is called so by a majority of the members that it
// knows of. One that lost the leadership without noticing is outvoted.
func elected(votes []vote) *Member {
	for _, candidate := range votes {
		if !candidate.names(candidate.member) {
			continue
		}
		count := 0
		for _, v := range votes {
			if v.names(candidate.member) && lists(candidate.members, v.member) {
				count++
			}
		}
		if count > len(candidate.members)/2 {
			return candidate.member
		}
	}
	return nil
}

func (v vote) names(m *Member) bool { return slices.Contains(v.leader, m.PeerURL()) }
