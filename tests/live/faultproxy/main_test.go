package faultproxy_test

import (
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, faultlink.Leaks()...) }

// server starts a server of the test's own and returns its URL and a client that goes there directly.
func server(t *testing.T) (string, *etcd.Client) {
	t.Helper()
	endpoint := etcdtest.Start(t).Endpoints()[0]
	return endpoint, live.Client(t, endpoint)
}
