package sim

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Member is a member of a cluster: a machine with a disk and a clock, on which a process runs at times.
type Member struct {
	cluster *Cluster
	name    string
	clock   clock
	chance  *Chance
	server  *http.Server

	// Guarded by the cluster's mu.
	id      types.ID
	has     uint64 // how much of the log is on the disk
	matched uint64 // of that, what the leader knows
	disk    disk
	process *process // nil while none runs
}

// disk is what a process that starts begins with, beside the log.
type disk struct {
	snapshot []byte // of the store; nil for an empty one
	index    uint64 // of the last entry in it
	commit   uint64 // that is known
}

func newMember(c *Cluster, name string, chance *Chance) *Member {
	m := &Member{cluster: c, name: name, chance: chance.For("member " + name)}
	m.clock = newClock(m.chance, c.options.Drift/2)
	m.renew()
	m.server = c.net.listen(m)
	return m
}

// renew gives the member a new ID.
func (m *Member) renew() { m.id = types.ID(m.chance.Below(1<<62)) | 1<<62 }

// Name returns the name of the member, which is the host of its URL.
func (m *Member) Name() string { return m.name }

// URL returns the URL for clients.
func (m *Member) URL() string { return "http://" + m.name + ":2379" }

// described returns what /v2/members shows of the member. The caller holds mu.
func (m *Member) described() *membership.Member {
	return &membership.Member{
		ID:             m.id,
		RaftAttributes: membership.RaftAttributes{PeerURLs: []string{"http://" + m.name + ":2380"}},
		Attributes:     membership.Attributes{Name: m.name, ClientURLs: []string{m.URL()}},
	}
}

// joins returns the request that makes it a member. The caller holds mu.
func (m *Member) joins() pb.Request {
	return pb.Request{
		Method: methodPublish, Path: membership.MemberStoreKey(m.id) + "/raftAttributes",
		Val: fmt.Sprintf(`{"peerURLs":["http://%s:2380"]}`, m.name),
	}
}

// runs reports whether there is a process that does something. The caller holds mu.
func (m *Member) runs() bool { return m.process != nil && m.process.frozen == 0 }

// running returns the process, or nil.
func (m *Member) running() *process {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	return m.process
}

// start starts a process. It serves clients when the cluster has accepted what it publishes about itself, as
// etcd does: not before it has applied all that was committed when it started. The caller holds mu.
func (m *Member) start() {
	p := newProcess(m)
	m.process = p
	go p.publish(pb.Request{
		Method: methodPublish, Path: membership.MemberStoreKey(m.id) + "/attributes",
		Val: fmt.Sprintf(`{"name":%q,"clientURLs":[%q]}`, m.name, m.URL()),
	})
	m.cluster.net.open(m)
}

// stop ends the process at once, and its connections. The caller holds mu.
func (m *Member) stop() {
	if p := m.process; p != nil {
		// It may have applied more than it has noted.
		m.disk.commit = max(m.disk.index, p.applied-min(p.applied, uint64(m.chance.Below(4))))
		m.process = nil
		p.end()
	}
	m.cluster.net.cut(m)
}

// publish tries until the cluster knows the name of the member.
func (p *process) publish(r pb.Request) {
	for !p.ended() {
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		_, err := p.propose(ctx, r)
		cancel()
		if err == nil {
			close(p.ready)
			return
		}
	}
}

// propose passes a request through the log, and waits until this member has applied it.
func (p *process) propose(ctx context.Context, r pb.Request) (etcdserver.Response, error) {
	c, began := p.cluster, time.Now()
	e, answer := &entry{request: r}, make(chan etcdserver.Response, 1)
	c.mu.Lock()
	p.waiting[e] = answer
	c.submit(ctx, p, e)
	c.mu.Unlock()
	select {
	case response := <-answer:
		return response, response.Err
	case <-p.stopped:
		return etcdserver.Response{}, etcdserver.ErrStopped
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(p.waiting, e)
	delete(p.parked, e)
	if ctx.Err() != context.DeadlineExceeded {
		return etcdserver.Response{}, etcdserver.ErrCanceled
	}
	return etcdserver.Response{}, p.timeout(began)
}

// timeout returns why a request that began then was not answered in time, as far as etcd knows. The caller holds
// mu.
func (p *process) timeout(began time.Time) error {
	switch {
	case began.Before(p.led) && began.After(p.led.Add(-2*time.Second)):
		return etcdserver.ErrTimeoutDueToLeaderFail
	case p.believed != nil && p.missed.After(began):
		return etcdserver.ErrTimeoutDueToConnectionLost
	}
	return etcdserver.ErrTimeout
}
