package sim

import (
	"context"

	"github.com/coreos/go-semver/semver"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2stats"
	"go.uber.org/zap"
)

// What etcd's handlers ask of a server.
var _ etcdserver.ServerPeer = (*process)(nil)

// Do handles a request: reads and watches on the store of the member, all else through the log. TTLs count by
// the member's clock.
func (p *process) Do(ctx context.Context, r pb.Request) (etcdserver.Response, error) {
	if r.Expiration != 0 {
		// What expires at one nanosecond expires in an order of its own in each store, and virtual time stands still.
		r.Expiration += int64(p.clock.ahead()) - p.cluster.expiring.Add(1)%1000
	}
	response, err := (*etcdserver.RequestV2)(&r).Handle(ctx, p)
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	if response.Term == 0 {
		response.Term = p.shown
	}
	response.Index = p.commit
	return response, err
}

// The methods of etcdserver.RequestV2Handler.

func (p *process) Get(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.local.Get(ctx, r)
}

func (p *process) Head(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.local.Head(ctx, r)
}

func (p *process) QGet(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.propose(ctx, pb.Request(*r))
}

func (p *process) Post(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.propose(ctx, pb.Request(*r))
}

func (p *process) Put(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.propose(ctx, pb.Request(*r))
}

func (p *process) Delete(ctx context.Context, r *etcdserver.RequestV2) (etcdserver.Response, error) {
	return p.propose(ctx, pb.Request(*r))
}

// Leader returns the ID of what the member takes for the leader.
func (p *process) Leader() types.ID {
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	if p.believed == nil {
		return 0
	}
	return p.believed.id
}

func (p *process) SelfStats() []byte { return p.stats.JSON() }

func (p *process) LeaderStats() []byte {
	p.cluster.mu.Lock()
	defer p.cluster.mu.Unlock()
	if p.believed != p.Member {
		return nil
	}
	stats := v2stats.NewLeaderStats(zap.NewNop(), p.id.String())
	for _, m := range p.cluster.members {
		if m != p.Member {
			stats.Follower(m.id.String())
		}
	}
	return stats.JSON()
}

func (p *process) StoreStats() []byte { return p.store.JsonStats() }

func (p *process) Cluster() api.Cluster                 { return p.cluster }
func (p *process) ClusterVersion() *semver.Version      { return p.cluster.Version() }
func (p *process) Alarms() []*pb.AlarmMember            { return nil }
func (p *process) LeaderChangedNotify() <-chan struct{} { return nil }
func (p *process) ClientCertAuthEnabled() bool          { return false }
