package cluster

import (
	"net/http"
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
		"moved fast":            {1000, 100 * time.Millisecond, leastLooking},
		"moved very fast":       {100000, 100 * time.Millisecond, leastLooking},
		"at a middling speed":   {599, 80 * time.Millisecond, 150 * time.Millisecond},
		"slowly, but steadily":  {3, 150 * time.Millisecond, mostLooking},
		"not at all, for short": {0, 0, mostLooking},
	} {
		check(t, name, untilLook(test.moved, test.passed), test.want)
	}
}
