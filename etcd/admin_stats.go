package etcd

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/etcdv2/client/gen"
)

// SelfStats is what a member has done since it started. Do not base decisions on State and Leader: a member that
// has lost the cluster may name its old leader or itself. Use Client.Leader and Client.Health for that.
type SelfStats struct {
	ID          string // lower-case hex; empty from etcd 0.x
	Name        string
	State       string // "StateLeader", "StateFollower" and others; from etcd 0.x "leader" and others, or empty
	StartTime   time.Time
	Leader      string // its ID; from etcd 0.x its name
	LeaderSince time.Time
	Received    AppendStats // messages with log entries from leaders
	Sent        AppendStats // such messages as leader
}

// AppendStats counts messages with log entries.
type AppendStats struct {
	Requests          uint64
	RequestsPerSecond float64 // of late
	BytesPerSecond    float64 // of late
}

// LeaderStats reports how the followers answer their leader.
type LeaderStats struct {
	Leader    string                   // its ID; from etcd 0.x its name
	Followers map[string]FollowerStats // by the same; members that were removed can still be in it
}

// FollowerStats reports how one follower answers.
type FollowerStats struct {
	Succeeded uint64 // messages that were sent
	Failed    uint64 // messages that could not be sent
	Latency   Latency
}

// Latency is how long the messages took. All fields are zero before the first message.
type Latency struct {
	Current, Average, StandardDeviation, Minimum, Maximum time.Duration
}

// StoreStats counts the operations of a member's store, including those of the servers themselves. Each member
// counts all writes, but only its own reads and watchers.
type StoreStats struct {
	GetsSuccess, GetsFail                         uint64
	SetsSuccess, SetsFail                         uint64
	CreateSuccess, CreateFail                     uint64 // in-order keys included
	UpdateSuccess, UpdateFail                     uint64
	DeleteSuccess, DeleteFail                     uint64
	CompareAndSwapSuccess, CompareAndSwapFail     uint64
	CompareAndDeleteSuccess, CompareAndDeleteFail uint64
	ExpireCount                                   uint64
	Watchers                                      uint64 // open now
}

// SelfStats returns the statistics of the member that answers. It returns ErrNotSupported if the member runs
// without the v2 API.
func (c *Client) SelfStats(ctx context.Context) (SelfStats, error) {
	var wire gen.SelfStats
	isStats := asJSON(&wire, func() bool { return !wire.StartTime.IsZero() })
	if err := c.ask(ctx, gen.NewGetSelfStatsRequest(), wanted{decode: isStats, not: notStats}); err != nil {
		return SelfStats{}, explain(err)
	}
	return SelfStats{
		ID: wire.ID, Name: wire.Name, State: wire.State, StartTime: wire.StartTime,
		Leader: wire.LeaderInfo.Leader, LeaderSince: wire.LeaderInfo.StartTime,
		Received: AppendStats{wire.RecvAppendRequestCnt, wire.RecvPkgRate, wire.RecvBandwidthRate},
		Sent:     AppendStats{wire.SendAppendRequestCnt, wire.SendPkgRate, wire.SendBandwidthRate},
	}, nil
}

// StoreStats returns the counts of the member that answers. It returns ErrNotSupported if the member runs
// without the v2 API.
func (c *Client) StoreStats(ctx context.Context) (StoreStats, error) {
	var wire gen.StoreStats
	// Every server has read its own store before it answers a client.
	isStats := asJSON(&wire, func() bool { return wire != gen.StoreStats{} })
	if err := c.ask(ctx, gen.NewGetStoreStatsRequest(), wanted{decode: isStats, not: notStats}); err != nil {
		return StoreStats{}, explain(err)
	}
	return StoreStats{
		GetsSuccess: wire.GetsSuccess, GetsFail: wire.GetsFail,
		SetsSuccess: wire.SetsSuccess, SetsFail: wire.SetsFail,
		CreateSuccess: wire.CreateSuccess, CreateFail: wire.CreateFail,
		UpdateSuccess: wire.UpdateSuccess, UpdateFail: wire.UpdateFail,
		DeleteSuccess: wire.DeleteSuccess, DeleteFail: wire.DeleteFail,
		CompareAndSwapSuccess: wire.CompareAndSwapSuccess, CompareAndSwapFail: wire.CompareAndSwapFail,
		CompareAndDeleteSuccess: wire.CompareAndDeleteSuccess, CompareAndDeleteFail: wire.CompareAndDeleteFail,
		ExpireCount: wire.ExpireCount,
		Watchers:    wire.Watchers,
	}, nil
}

// LeaderStats asks the leader how its followers answer. It returns ErrLeaderElect if the cluster has no
// leader or the leader changes meanwhile, and ErrNotSupported if the server runs without the v2 API. It asks the leader at
// the URLs that the leader advertises, without credentials. The leader must be reachable there, and must show the
// cluster's ID.
func (c *Client) LeaderStats(ctx context.Context) (LeaderStats, error) {
	leader, err := c.Leader(ctx)
	if err != nil {
		return LeaderStats{}, err
	}
	endpoints, err := c.urlsOf(ctx, leader)
	if err != nil {
		return LeaderStats{}, err
	}
	failed := fmt.Errorf("%w: the leader advertises no client URL", ErrLeaderElect)
	for i, endpoint := range endpoints {
		var wire gen.LeaderStats
		isStats := asJSON(&wire, func() bool { return wire.Followers != nil })
		err := explain(c.askAt(ctx, endpoint, gen.NewGetLeaderStatsRequest(), wanted{decode: isStats, not: notStats}, len(endpoints)-i))
		if err == nil {
			return newLeaderStats(wire), nil
		}
		if isRefusedBy(err, http.StatusForbidden) {
			err = &explained{ErrLeaderElect, err}
		}
		failed = err
	}
	return LeaderStats{}, failed
}

// notStats is said of an answer that has no statistics.
const notStats = "not those statistics"

func newLeaderStats(wire gen.LeaderStats) LeaderStats {
	stats := LeaderStats{Leader: wire.Leader, Followers: make(map[string]FollowerStats, len(wire.Followers))}
	for id, follower := range wire.Followers {
		one := FollowerStats{Succeeded: follower.Counts.Success, Failed: follower.Counts.Fail}
		if one.Succeeded > 0 { // or the minimum is that of nothing, 2^63
			l := follower.Latency
			one.Latency = Latency{
				milliseconds(l.Current), milliseconds(l.Average), milliseconds(l.StandardDeviation),
				milliseconds(l.Minimum), milliseconds(l.Maximum),
			}
		}
		stats.Followers[id] = one
	}
	return stats
}

// milliseconds turns a number of the wire into a Duration, held at what one can hold.
func milliseconds(n float64) time.Duration {
	if nanoseconds := n * float64(time.Millisecond); nanoseconds < math.MaxInt64 {
		return time.Duration(nanoseconds)
	}
	return math.MaxInt64
}
