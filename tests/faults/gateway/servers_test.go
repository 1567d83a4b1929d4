package gateway_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
)

// servers is a kind of server that tests run on.
type servers struct {
	name    string
	options func(testing.TB) []etcdtest.Option
}

var (
	embedded35 = servers{"3.5 embedded", func(testing.TB) []etcdtest.Option { return []etcdtest.Option{embedded.Etcd()} }}
	process23  = servers{"2.3.8 processes", func(tb testing.TB) []etcdtest.Option {
		return []etcdtest.Option{etcdtest.WithBinary(etcdtest.Build(tb, etcdtest.Etcd23))}
	}}
)

func (s servers) start(tb testing.TB, members int) *etcdtest.Cluster {
	tb.Helper()
	return etcdtest.Start(tb, append(s.options(tb), etcdtest.WithMembers(members))...)
}

// onEach runs test on both kinds of server in parallel, each time on a cluster of three members.
func onEach(t *testing.T, test func(t *testing.T, cluster *etcdtest.Cluster)) {
	for _, kind := range []servers{embedded35, process23} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			test(t, kind.start(t, 3))
		})
	}
}
