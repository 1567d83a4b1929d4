// Package watchfaults_test breaks what a watch stands on, and checks that it delivers every event all
// the same: in order, once, none missing, or that it ends with an error that says why not; and that a
// mirror beside it has what the server has in the end.
package watchfaults_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/live"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, faultlink.Leaks()...) }

// each runs test on both versions as processes, which can be frozen and killed.
func each(t *testing.T, members int, test func(t *testing.T, cluster *etcdtest.Cluster), opts ...etcdtest.Option) {
	for _, version := range live.Kinds(t) {
		t.Run(string(version), func(t *testing.T) {
			all := append(opts, etcdtest.WithMembers(members), etcdtest.WithBinary(etcdtest.Build(t, version)))
			test(t, etcdtest.Start(t, all...))
		})
	}
}
