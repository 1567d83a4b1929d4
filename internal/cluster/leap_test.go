package cluster

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

func TestAnyAnswerToTheQuestionTellsTheIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			reply http.HandlerFunc
			want  uint64
		}{
			"there": {text(200, 7, ""), 7}, "missing": {text(404, 7, ""), 7}, "forbidden": {text(401, 7, ""), 7},
			"no answer": {hangup, 0},
		} {
			var net fakenet.Network
			endpoint := net.Serve(t, "a", server(test.reply))
			c := newCluster(t, Config{Endpoints: []string{endpoint}, Dial: net.Dial})
			p, m := &c.pulse, c.members.all()[0]
			p.askIndex(t.Context(), m)
			check(t, "index of a member on which nothing waits", p.reached(m), uint64(0))
			release := p.keep()
			p.members[m] = &waiting{stop: func() {}}
			p.askIndex(t.Context(), m)
			check(t, name, p.reached(m), test.want)
			release()
		}
	})
}

// How often the index of a member is looked at depends on how fast it moves.
func TestWhenToLookAgain(t *testing.T) {
	for name, test := range map[string]struct {
		moved  uint64
		passed time.Duration
		want   time.Duration
	}{
		"stood still for long":  {1, time.Hour, leastLooking},
		"moved at once":         {1, 0, mostLooking},
		"moved fast":            {2000, 100 * time.Millisecond, leastLooking},
		"moved very fast":       {100000, 100 * time.Millisecond, leastLooking},
		"at a middling speed":   {1199, 100 * time.Millisecond, 150 * time.Millisecond},
		"slowly, but steadily":  {3, 150 * time.Millisecond, mostLooking},
		"not at all, for short": {0, 0, mostLooking},
	} {
		check(t, name, untilLook(test.moved, test.passed), test.want)
	}
}

// arrive returns a call that waits on m, which was at index when the call arrived there.
func arrive(t *testing.T, c *Cluster, m *Member, index int) *Open {
	t.Helper()
	a := c.newAttempt(t.Context(), 0)
	c.pulse.join(m, a, nil)
	header := http.Header{"X-Etcd-Index": {strconv.Itoa(index)}}
	_, open := c.opened(&http.Response{StatusCode: 200, Header: header, Body: http.NoBody}, m, a)
	t.Cleanup(open.Close)
	return open
}

// A member that tells an index far ahead may have received a snapshot, and then the call that waits there has missed events.
func TestAnswerThatShowsALeapEndsTheCall(t *testing.T) {
	for index, ends := range map[int]bool{7 + leap: false, 8 + leap: true} {
		synctest.Test(t, func(t *testing.T) {
			var net fakenet.Network
			endpoint := net.Serve(t, "a", text(404, index, ""))
			c := newCluster(t, Config{Endpoints: []string{endpoint}, Dial: net.Dial})
			defer c.KeepPulse()()
			open := arrive(t, c, c.members.all()[0], 7)
			v := open.Ask(t.Context(), newCall(t, "GET", "/v2/keys/k", ""), time.Second)
			check(t, "index", v.Index, uint64(index))
			check(t, "the call has ended", open.Cut(), ends)
		})
	}
}

// A call that waits on a member that leaps may have left out what was before, also if it was another call
// that found out.
func TestEventFromOverALeapIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network // without servers
		c := newCluster(t, Config{Endpoints: []string{"http://a"}, Dial: net.Dial})
		defer c.KeepPulse()()
		m := c.members.all()[0]
		one, other := arrive(t, c, m, 7), arrive(t, c, m, 7)
		check(t, "a step, though a long one", one.Check(7+leap), nil)
		check(t, "calls that were open", one.attempt.ctx.Err(), nil)
		checkIs(t, one.Check(8+3*leap), errMayHaveMissed)
		checkIs(t, other.Check(8+3*leap), errMayHaveMissed)
		<-one.attempt.ctx.Done()
		checkIs(t, one.attempt.why(nil), errMayHaveMissed)
		check(t, "a call behind the leap", arrive(t, c, m, 8+3*leap).Check(9+3*leap), nil)
	})
}
