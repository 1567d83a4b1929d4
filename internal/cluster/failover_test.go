package cluster

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// Another round is for failures that may pass. A member of another cluster stays one. A call that waits is
// repeated by its watch.
func TestAnotherRoundIsMadeOnlyIfItMayHelp(t *testing.T) {
	down := text(503, 0, "")
	for name, test := range map[string]struct {
		wait     bool
		a, b     http.HandlerFunc
		attempts int
	}{
		"all of other clusters":              {false, of("b2"), of("c3"), 2},
		"one of another, and one that fails": {false, of("b2"), down, 3 * 2},
		"one that fails, and one of another": {false, down, of("b2"), 3 * 2},
		"all without the v2 API":             {false, text(404, 0, missing), text(404, 0, missing), 2},
		"all fail":                           {false, down, hangup, 3 * 2},
		"all fail in a call that waits":      {true, down, hangup, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				net.Serve(t, "a", server(test.a))
				net.Serve(t, "b", server(test.b))
				c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial, ClusterID: "a1"})
				call := newCall(t, "GET", "/v2/keys/k", "")
				call.Read, call.Wait = true, test.wait
				start := time.Now()
				result := c.Do(t.Context(), call)
				check(t, "attempts", len(result.Attempts), test.attempts)
				// A pause is at least half of what it can be; the second doubles.
				check(t, "there were pauses", time.Since(start) >= firstRoundPause*3/2, test.attempts > 2)
				if name == "all of other clusters" {
					checkIs(t, result.Err, errs.ErrWrongCluster)
				}
			})
		})
	}
}

// What failed in the first round may have come to an answer in the second that no third would change.
func TestOnlyTheFailuresOfTheLastRoundMakeAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		net.Serve(t, "a", server(text(503, 0, ""), text(404, 0, missing)))
		net.Serve(t, "b", server(text(503, 0, ""), text(404, 0, missing)))
		c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
		call := newCall(t, "GET", "/v2/keys/k", "")
		call.Read = true
		check(t, "attempts", len(c.Do(t.Context(), call).Attempts), 2*2)
	})
}

// Each round asks all members.
func TestRoundsAskEachMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		down := text(503, 0, "")
		net.Serve(t, "a", server(down))
		net.Serve(t, "b", server(down, down, text(200, 7, "")))
		c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
		call := newCall(t, "GET", "/v2/keys/k", "")
		call.Read = true
		result := c.Do(t.Context(), call)
		check(t, "outcome", result.Outcome, Done)
		check(t, "attempts that failed", len(result.Attempts), 5)
	})
}

// Part of the caller's time is reserved only if there can be another round.
func TestTimeIsReservedForAnotherRound(t *testing.T) {
	two := []string{"http://a", "http://b"}
	for name, test := range map[string]struct {
		read, wait bool
		rounds     int
		endpoints  []string
		want       int
	}{
		"read":                {true, false, 1, two, 1},
		"second round":        {true, false, 2, two, 1},
		"last round":          {true, false, 3, two, 0},
		"write":               {false, false, 1, two, 0},
		"call that waits":     {true, true, 1, two, 0},
		"read of one member":  {true, false, 1, two[:1], 0},
		"write of one member": {false, false, 1, two[:1], 0},
	} {
		f := newCluster(t, Config{Endpoints: test.endpoints}).newFailover(&Call{Read: test.read, Wait: test.wait})
		f.rounds = test.rounds
		check(t, name, f.reserve(), test.want)
	}
}

// Rounds end after the time of one attempt, if there is a limit, and a single member is asked once.
func TestRoundsEnd(t *testing.T) {
	two := []string{"http://a", "http://b"}
	for name, test := range map[string]struct {
		limit, took time.Duration
		endpoints   []string
		want        bool
	}{
		"in time":                     {10 * time.Second, 9 * time.Second, two, true},
		"too late":                    {10 * time.Second, 10 * time.Second, two, false},
		"no limit":                    {-1, time.Hour, two, true},
		"single member":               {10 * time.Second, 0, two[:1], false},
		"single member, and no limit": {-1, 0, two[:1], false},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, Config{Endpoints: test.endpoints, AttemptTimeout: test.limit})
			f := c.newFailover(&Call{Read: true})
			f.tried, f.retryable = c.members.all(), true
			<-time.After(test.took)
			check(t, name, f.mayGoRound(), test.want)
		})
	}
}
