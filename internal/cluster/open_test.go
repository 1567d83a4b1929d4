package cluster

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// What ends an attempt must last longer than the header of a call that waits, and end with its body.
// Otherwise the attempt would stay registered with the cluster for as long as that lives.
func TestAttemptOfACallThatWaitsLastsUntilItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net fakenet.Network
		endpoint := net.Serve(t, "a", server(silent(4)))
		config := Config{Endpoints: []string{endpoint}, AttemptTimeout: 10 * time.Second, Dial: net.Dial}
		c := newCluster(t, config)
		call := newCall(t, "GET", "/v2/keys/k?wait=true", "")
		call.Read, call.Wait = true, true
		result := c.Do(t.Context(), call)
		if result.Open == nil {
			t.Fatalf("got %+v", result)
		}
		a := result.Open.attempt
		<-time.After(time.Hour)
		check(t, "reason to end after the header", a.ctx.Err(), error(nil))
		result.Open.Close()
		checkIs(t, a.ctx.Err(), context.Canceled)
		check(t, "attempts still registered with the cluster", len(a.inflight.attempts), 0)
	})
}
