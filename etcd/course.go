package etcd

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/etcdv2/client/internal/backoff"
)

// mostRounds is how often one call goes round the members. A cluster that restarts one member after
// the other can fail one round of them, and answer the next.
const mostRounds = 3

// course is the way of one call from member to member.
type course struct {
	cluster *cluster
	start   time.Time
	rounds  int
	tried   []*member // in this round
	few     [4]*member
	most    int  // rounds
	hope    bool // a failure of this round may pass
	pause   backoff.Backoff
}

func (c *cluster) newCourse(req *http.Request) *course {
	w := &course{cluster: c, start: time.Now(), rounds: 1, most: mostRounds, pause: backoff.Backoff{First: 50 * time.Millisecond, Most: time.Second}}
	if isWatch(req) {
		w.most = 1 // a watch repeats by itself, without end
	}
	w.tried = w.few[:0] // room for most clusters, so that trying costs no allocation
	return w
}

// failed notes that the member tried last has.
func (w *course) failed(err error) { w.hope = w.hope || !errors.Is(err, ErrWrongCluster) }

// next returns the member to try, and how many are left to try with it in this round. When all have
// been it pauses and begins another round. It returns nil when that would not help or take too
// long, and when ctx or the client's life ends.
func (w *course) next(ctx context.Context) (m *member, left int) {
	m, left = w.cluster.roster.next(w.tried)
	if m == nil && w.mayGoRound() {
		if w.pause.Wait(ctx, w.cluster.life) != nil {
			return nil, 0
		}
		w.rounds++
		w.tried, w.hope = w.tried[:0], false
		m, left = w.cluster.roster.next(nil)
	}
	if m != nil {
		w.tried = append(w.tried, m)
	}
	return m, left
}

// reserve is how many parts of the caller's time are kept back for another round: one, for a read. A
// member without a leader may hang for as long as it is let, and answer at once when asked again.
func (w *course) reserve(req *http.Request) int {
	if isRead(req) && w.rounds < w.most && len(w.cluster.roster.all()) > 1 {
		return 1
	}
	return 0
}

// mayGoRound reports whether another round makes sense. With a single member it does not: that is
// for the caller to repeat, who knows how long to wait.
func (w *course) mayGoRound() bool {
	longest := w.cluster.attemptTimeout
	inTime := longest <= 0 || time.Since(w.start) < longest
	return w.rounds < w.most && len(w.tried) > 1 && w.hope && inTime
}
