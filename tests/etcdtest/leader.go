package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Leader returns the member that a majority of all members call their leader. It
// waits until there is one or ctx ends.
func (c *Cluster) Leader(ctx context.Context) (*Member, error) {
	var leader *Member
	err := poll(ctx, func(ctx context.Context) error {
		leader = elected(c.members, c.votes(ctx))
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

// votes asks every member at the same time for the name of its leader; one that does
// not answer, or has none, leaves "". The answer comes from the state of raft. That in
// /v2/stats/self does not: a message that the old leader sent before its end can put its
// name back there, for good.
func (c *Cluster) votes(ctx context.Context) []string {
	votes := make([]string, len(c.members))
	var asking sync.WaitGroup
	for i, m := range c.members {
		if m.running() == nil {
			continue
		}
		asking.Go(func() {
			var leader struct{ Name string }
			if _, err := m.probe(ctx, m.URL()+"/v2/members/leader", quickTimeout, &leader); err == nil {
				votes[i] = leader.Name
			}
		})
	}
	asking.Wait()
	return votes
}

// elected returns the member that a majority names, if it names itself, too. One that
// lost the leadership without noticing is outvoted.
func elected(members []*Member, votes []string) *Member {
	count := map[string]int{}
	for _, name := range votes {
		count[name]++
	}
	for i, m := range members {
		if votes[i] == m.Name() && count[m.Name()] > len(members)/2 {
			return m
		}
	}
	return nil
}
