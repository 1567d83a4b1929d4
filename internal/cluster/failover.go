package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/errs"
)

// mostRounds is the maximum number of rounds of one call through the members. While the members of a cluster
// restart one after another, one round can fail and the next succeed.
const mostRounds = 3

// failover is the progress of one call from member to member.
type failover struct {
	cluster    *Cluster
	call       *Call
	start      time.Time
	rounds     int
	most       int       // maximum of rounds
	tried      []*Member // in this round
	few        [4]*Member
	others     []*Member // answered from another cluster
	retryable  bool      // a failure of this round may be temporary
	leaderless bool      // a member of this round knew of no leader, or named one; etcd 0.x, until it has elected one
	pause      backoff.Backoff
}

func (c *Cluster) newFailover(call *Call) *failover {
	f := &failover{
		cluster: c, call: call, start: time.Now(), rounds: 1, most: mostRounds,
		pause: backoff.Backoff{First: firstRoundPause, Most: mostRoundPause},
	}
	if call.Wait {
		f.most = 1 // the watch that it belongs to repeats it without limit
	}
	f.tried = f.few[:0] // large enough for most clusters, so that no allocation is needed
	return f
}

// failed records that m, which was tried last, has settled nothing.
func (f *failover) failed(m *Member, v Verdict) {
	if v.Author == OtherCluster {
		f.others = append(f.others, m)
	}
	// Another round would not open a connection, either.
	f.retryable = f.retryable || v.Author != OtherCluster && !v.Missing && !errors.Is(v.Err, errs.ErrNoConnection)
	f.leaderless = f.leaderless || v.NoLeader || v.Leader != ""
}

// next returns the member to try, and how many members are left to try in this round, including it. When all
// have been tried, next pauses and begins another round. It returns nil if another round would not help or
// would take too long, or if ctx or the cluster's life ends.
func (f *failover) next(ctx context.Context) (m *Member, left int) {
	m, left = f.cluster.members.next(f.tried)
	if m == nil && f.mayGoRound() {
		if f.pause.Wait(ctx, f.cluster.life) != nil {
			return nil, 0
		}
		f.rounds++
		f.tried, f.retryable, f.leaderless = f.tried[:0], false, false
		m, left = f.cluster.members.next(nil)
	}
	if m != nil {
		f.tried = append(f.tried, m)
	}
	return m, left
}

// reserve returns how many parts of the caller's time are reserved for another round: one for a read that may
// have another round, else none. A member without a leader may hang until the attempt times out, and answer
// at once when it is asked again.
func (f *failover) reserve() int {
	if f.call.Read && f.rounds < f.most && len(f.cluster.members.all()) > 1 {
		return 1
	}
	return 0
}

// mayGoRound reports whether another round makes sense. With a single member it does not: the caller knows
// how long to wait before repeating the call. It does while the members elect a leader, which takes etcd 0.x
// about a second.
func (f *failover) mayGoRound() bool {
	longest := f.cluster.config.AttemptTimeout
	inTime := longest <= 0 || time.Since(f.start) < longest
	mayRepeat := f.rounds < f.most && len(f.tried) > 1 || f.leaderless && longest > 0
	return mayRepeat && f.retryable && inTime
}
