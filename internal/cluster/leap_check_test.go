package cluster

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/etcdv2/client/internal/fakenet"
)

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
