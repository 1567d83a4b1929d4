package cluster

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// Renewals that are due at once need few connections. If they are not answered soon, each goes on by itself.
func TestRenewalsGoThroughANarrowLane(t *testing.T) {
	for took, want := range map[time.Duration]struct {
		most int
		all  time.Duration
	}{
		10 * time.Millisecond: {narrowWidth, 100 * time.Millisecond},
		time.Second:           {40, narrowTime + time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{took: took}
			var net fakenet.Network
			c := newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", s)}, Dial: net.Dial, MaxInFlight: 256})
			start := time.Now()
			var calls sync.WaitGroup
			for range 40 {
				calls.Go(func() {
					call := newCall(t, "PUT", "/v2/keys/k", "")
					call.Vital = true
					check(t, "outcome", c.Do(t.Context(), call).Outcome, Done)
				})
			}
			calls.Wait()
			check(t, "open together", s.most, want.most)
			check(t, "time", time.Since(start).Round(10*time.Millisecond), want.all)
		})
	}
}
