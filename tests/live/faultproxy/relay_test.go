package faultproxy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// On a connection that was forgotten nothing comes, no end either; the next one works.
func TestForgottenConnection(t *testing.T) {
	endpoint, _ := server(t)
	relay := faultproxy.NewRelay(t, endpoint)
	old, young := live.Client(t, relay.URL()), live.Client(t, relay.URL())
	live.Must[etcd.Version](t)(old.Version(t.Context()))
	relay.Forget()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := old.Set(ctx, "/key", "1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("on the old connection: %v", err)
	}
	live.Must[*etcd.Response](t)(young.Set(t.Context(), "/key", "2"))
}
