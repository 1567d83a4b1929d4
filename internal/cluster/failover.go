package cluster

import (
	"context"
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// mostRounds is how often one call goes round the members. A cluster that restarts one member after the other
// can fail one round of them, and answer the next.
const mostRounds = 3

// failover is the progress of one call from member to member.
type failover struct {
	cluster   *Cluster
	call      *Call
	start     time.Time
	rounds    int
	most      int       // rounds
	tried     []*Member // in this round
	few       [4]*Member
	retryable bool // a failure of this round may pass
	pause     backoff.Backoff
}

func (c *Cluster) newFailover(call *Call) *failover {
	f := &failover{
		cluster: c, call: call, start: time.Now(), rounds: 1, most: mostRounds,
		pause: backoff.Backoff{First: firstRoundPause, Most: mostRoundPause},
	}
	if call.Wait {
		f.most = 1 // the watch that it belongs to repeats it by itself, without end
	}
	f.tried = f.few[:0] // room for most clusters, so that trying costs no allocation
	return f
}

// failed notes that the member tried last has settled nothing.
func (f *failover) failed(v Verdict) { f.retryable = f.retryable || v.Author != OtherCluster }

// next returns the member to try, and how many are left to try with it in this round. When all have been
// tried it pauses and begins another round. It returns nil if that would not help or take too long, and when
// ctx or the cluster's life ends.
func (f *failover) next(ctx context.Context) (m *Member, left int) {
	m, left = f.cluster.members.next(f.tried)
	if m == nil && f.mayGoRound() {
		if f.pause.Wait(ctx, f.cluster.life) != nil {
			return nil, 0
		}
		f.rounds++
		f.tried, f.retryable = f.tried[:0], false
		m, left = f.cluster.members.next(nil)
	}
	if m != nil {
		f.tried = append(f.tried, m)
	}
	return m, left
}

// reserve is how many parts of the caller's time are kept back for another round: one, for a read. A member
// without a leader may hang for as long as it is let, and answer at once when asked again.
func (f *failover) reserve() int {
	if f.call.Read && f.rounds < f.most && len(f.cluster.members.all()) > 1 {
		return 1
	}
	return 0
}

// mayGoRound reports whether another round makes sense. With a single member it does not: the caller knows
// how long to wait before it repeats the call.
func (f *failover) mayGoRound() bool {
	longest := f.cluster.config.AttemptTimeout
	inTime := longest <= 0 || time.Since(f.start) < longest
	return f.rounds < f.most && len(f.tried) > 1 && f.retryable && inTime
}
