package faultproxy_test

import (
	"context"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
)

// A broken link fails the write on an open connection, loses the request or the reply as it says, and
// is whole again afterwards.
func TestLinkFaults(t *testing.T) {
	for _, test := range []struct {
		fault   faultlink.Fault
		applied bool
	}{
		{faultlink.LoseRequests, false},
		{faultlink.LoseReplies, true},
		{faultlink.LoseAll, false},
		{faultlink.ResetRequests, false},
		{faultlink.ResetReplies, true},
	} {
		t.Run(test.fault.String(), func(t *testing.T) {
			endpoint, direct := server(t)
			link := faultlink.New(t, endpoint)
			client := live.Client(t, link.URL())
			live.Must[etcd.Version](t)(client.Version(t.Context()))
			if err := link.Break(test.fault); err != nil {
				t.Fatal(err)
			}
			// A black hole gives no answer at all, so the caller's patience has to end.
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := client.Set(ctx, "/key", "1"); err == nil {
				t.Error("the write succeeded")
			}
			applied, err := direct.Exists(t.Context(), "/key")
			if err != nil || applied != test.applied {
				t.Errorf("applied: %v, %v", applied, err)
			}
			link.Heal()
			live.Eventually(t, "the link is whole", func() bool {
				_, err := client.Get(t.Context(), "/")
				return err == nil
			})
		})
	}
}

func TestSlowLinks(t *testing.T) {
	endpoint, _ := server(t)
	link := faultlink.New(t, endpoint)
	client := live.Client(t, link.URL())
	for fault, least := range map[faultlink.Fault]time.Duration{
		faultlink.Latency(50 * time.Millisecond):   50 * time.Millisecond,
		faultlink.SlowClose(50 * time.Millisecond): 0,
	} {
		if err := link.Break(fault); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		live.Must[*etcd.Response](t)(client.Set(t.Context(), "/key", "1"))
		if took := time.Since(start); took < least {
			t.Errorf("%v: took %v", fault, took)
		}
	}
}
