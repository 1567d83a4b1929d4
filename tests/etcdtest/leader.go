package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// selfStats is what this package reads of a member's /v2/stats/self.
type selfStats struct {
	ID         string `json:"id"`
	LeaderInfo struct {
		Leader string `json:"leader"`
	} `json:"leaderInfo"`
}

// Leader returns the member that a majority of all members call their leader. It
// waits until there is one or ctx ends.
func (c *Cluster) Leader(ctx context.Context) (*Member, error) {
	var leader *Member
	err := poll(ctx, func(ctx context.Context) error {
		leader = elected(c.members, c.stats(ctx))
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

// stats asks every member at the same time; one that does not answer leaves a zero value.
func (c *Cluster) stats(ctx context.Context) []selfStats {
	all := make([]selfStats, len(c.members))
	var asking sync.WaitGroup
	for i, m := range c.members {
		if m.running() == nil {
			continue
		}
		asking.Go(func() {
			var s selfStats
			if _, err := m.probe(ctx, "/v2/stats/self", &s); err == nil {
				all[i] = s
			}
		})
	}
	asking.Wait()
	return all
}

// elected returns the member named by a majority, if it answered itself. A member
// that lost the leadership without noticing still names itself, and is outvoted.
func elected(members []*Member, all []selfStats) *Member {
	votes := map[string]int{}
	for _, s := range all {
		votes[s.LeaderInfo.Leader]++
	}
	for i, s := range all {
		if s.ID != "" && votes[s.ID] > len(all)/2 {
			return members[i]
		}
	}
	return nil
}
