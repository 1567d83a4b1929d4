package members_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }

// eachVersion runs test on a cluster of three members of each version. They are processes: embedded in
// one that looks for races, etcd 3.5 is found to have one in its statistics of the leader.
func eachVersion(t *testing.T, test func(t *testing.T, cluster *etcdtest.Cluster)) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			test(t, etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version))))
		})
	}
}
