package cluster

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// Another round is for failures that may pass. A member of another cluster stays one.
func TestAnotherRoundIsMadeOnlyIfItMayHelp(t *testing.T) {
	for name, test := range map[string]struct {
		a, b     http.HandlerFunc
		attempts int
	}{
		"all of other clusters":              {of("b2"), of("c3"), 2},
		"one of another, and one that fails": {of("b2"), text(503, 0, ""), 3 * 2},
		"one that fails, and one of another": {text(503, 0, ""), of("b2"), 3 * 2},
		"all fail":                           {text(503, 0, ""), hangup, 3 * 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				net.Serve(t, "a", server(test.a))
				net.Serve(t, "b", server(test.b))
				c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial, ClusterID: "a1"})
				call := newCall(t, "GET", "/v2/keys/k", "")
				call.Read = true
				start := time.Now()
				result := c.Do(t.Context(), call)
				check(t, "attempts", len(result.Attempts), test.attempts)
				if test.attempts == 2 {
					checkIs(t, result.Err, errs.ErrWrongCluster)
					check(t, "time", time.Since(start), time.Duration(0))
				}
			})
		})
	}
}
