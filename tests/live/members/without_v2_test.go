package members_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// A server that was started without --enable-v2 has nothing to offer but its version, and the error says so.
func TestServerWithoutTheAPI(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithoutV2())
	client := live.Client(t, cluster.Endpoints()...)
	version := live.Must[etcd.Version](t)(client.Version(t.Context()))
	calls := map[string]func() error{
		"Get":      func() error { return live.Err(client.Get(t.Context(), "/k")) },
		"Exists":   func() error { return live.Err(client.Exists(t.Context(), "/k")) },
		"Set":      func() error { return live.Err(client.Set(t.Context(), "/k", "v")) },
		"Watch":    func() error { return live.Err(client.WatchOnce(t.Context(), "/k")) },
		"Machines": func() error { return live.Err(client.Machines(t.Context())) },
		"Leader":   func() error { return live.Err(client.Leader(t.Context())) },
		"Members":  func() error { return live.Err(client.Members(t.Context())) },
		"Health":   func() error { return live.Err(client.Health(t.Context())) },
		"Stats":    func() error { return live.Err(client.LeaderStats(t.Context())) },
		"Auth":     func() error { return live.Err(client.Auth().Enabled(t.Context())) },
	}
	want := "etcd " + version.Server + " may have been started without --enable-v2"
	for name, call := range calls {
		if err := call(); !errors.Is(err, etcd.ErrNotSupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
