package cluster

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// Renewals that are due at once need few connections. If they are not answered soon, each goes on by itself.
func TestRenewalsGoThroughANarrowLane(t *testing.T) {
	for _, test := range []struct {
		took, limit time.Duration
		most        int
		all         time.Duration
	}{
		{10 * time.Millisecond, time.Hour, narrowWidth, 200 * time.Millisecond},
		{3 * time.Second, time.Hour, 40, narrowTime + 3*time.Second},
		{300 * time.Millisecond, time.Second, 40, 550 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{took: test.took}
			var net fakenet.Network
			c := newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", s)}, Dial: net.Dial, MaxInFlight: 256})
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			defer cancel()
			start := time.Now()
			var calls sync.WaitGroup
			for range 40 {
				calls.Go(func() {
					call := newCall(t, "PUT", "/v2/keys/k", "")
					call.Vital = true
					check(t, "outcome", c.Do(ctx, call).Outcome, Done)
				})
			}
			calls.Wait()
			check(t, "open together", s.most, test.most)
			check(t, "time", time.Since(start).Round(10*time.Millisecond), test.all)
		})
	}
}
