package legacy

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// Cluster is a cluster of members that share a log.
type Cluster struct {
	members []*Member

	mu     sync.Mutex // taken before the lock of a member
	log    []command
	leader *Member // nil while there is none
	term   uint64
}

// syncInterval is how often the leader removes what has expired.
const syncInterval = 500 * time.Millisecond

// Start starts a cluster of so many members. The first one leads.
func Start(t testing.TB, members int) *Cluster {
	t.Helper()
	c := &Cluster{}
	for i := range members {
		c.members = append(c.members, newMember(t, c, fmt.Sprintf("m%d", i+1)))
	}
	c.leader = c.members[0]
	for i, m := range c.members {
		m.believed = c.leader
		_, _ = c.append(command{Op: opCreate, Key: "/_etcd/machines/" + m.name, Value: m.registration()})
		if i == 0 {
			config := `{"activeSize":9,"removeDelay":1800,"syncInterval":5}`
			_, _ = c.append(command{Op: opSet, Key: "/_etcd/config", Value: config})
		}
	}
	c.expireUntilTheEnd(t)
	return c
}

// expireUntilTheEnd removes what has expired, as a leader does, until the test ends.
func (c *Cluster) expireUntilTheEnd(t testing.TB) {
	over := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		next := time.NewTicker(syncInterval)
		defer next.Stop()
		for {
			select {
			case now := <-next.C:
				_, _, _ = c.propose(nil, command{Op: opSync, Time: now})
			case <-over:
				return
			}
		}
	})
	t.Cleanup(func() { close(over); running.Wait() })
}

// Members returns the members, also those that are dead.
func (c *Cluster) Members() []*Member { return c.members }

// Endpoints returns the client URLs of the members.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, m := range c.members {
		urls = append(urls, m.URL())
	}
	return urls
}

// Leader returns the member that leads, or nil if there is none.
func (c *Cluster) Leader() *Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// Followers returns the members that live and do not lead.
func (c *Cluster) Followers() []*Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	var followers []*Member
	for _, m := range c.members {
		if m != c.leader && !m.dead {
			followers = append(followers, m)
		}
	}
	return followers
}

// KillLeader kills the leader and returns it. The others go on redirecting to it until NoticeDeath or Elect.
func (c *Cluster) KillLeader() *Member {
	leader := c.Leader()
	leader.Kill()
	return leader
}

// NoticeDeath makes the members notice that there is no leader: from now on they answer so.
func (c *Cluster) NoticeDeath() { c.lead(nil) }

// Elect makes m the leader. It has the whole log then, whatever SetLag said, and all members know it.
func (c *Cluster) Elect(m *Member) {
	m.SetLag(0)
	c.lead(m)
}

func (c *Cluster) lead(m *Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = m
	if m != nil {
		c.term++
	}
	for _, member := range c.members {
		member.believed = m
	}
}

// Write sets a key under dir so many times, without HTTP, and returns the index of the last event.
func (c *Cluster) Write(dir string, times int) uint64 {
	var index uint64
	for i := range times {
		event, _, _ := c.propose(nil, command{Op: opSet, Key: fmt.Sprintf("%s/%d", dir, i%10), Value: fmt.Sprint(i)})
		index = event.Node.ModifiedIndex
	}
	return index
}

// propose applies a command if m leads, or if m is nil and anybody does. It returns false if not.
func (c *Cluster) propose(m *Member, cmd command) (event *v2store.Event, err error, led bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leader == nil || c.leader.dead || m != nil && m != c.leader {
		return nil, nil, false
	}
	event, err = c.append(cmd)
	return event, err, true
}

// append appends a command to the log, and has every member apply what it may. The caller holds the lock, or
// nobody else has the cluster yet.
func (c *Cluster) append(cmd command) (event *v2store.Event, err error) {
	c.log = append(c.log, cmd.asLogged())
	for _, m := range c.members {
		if m == c.leader {
			event, err = m.catchUp(c.log)
			continue
		}
		_, _ = m.catchUp(c.log) // the same, but later
	}
	return event, err
}

// leaderOf returns the member that m takes for the leader, or nil.
func (c *Cluster) leaderOf(m *Member) *Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return m.believed
}

// raft returns the values of the headers X-Raft-Index and X-Raft-Term.
func (c *Cluster) raft() (index, term uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint64(len(c.log)), c.term
}
