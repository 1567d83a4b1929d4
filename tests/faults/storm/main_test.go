// Package storm_test has a watch stand where far more is written than a server remembers.
//
// STORM_RUNS makes that many runs of the storm at full size and as fast as it goes, STORM_PEERS=1 shows what the official
// client's watcher makes of the same, and STORM_WRITERS=net/http has it made by ordinary HTTP
// clients, which on two cores write a quarter less in the same time.
package storm_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// each runs test on a process of each version with one member.
func each(t *testing.T, test func(t *testing.T, version etcdtest.Version, endpoint string)) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
			test(t, version, cluster.Endpoints()[0])
		})
	}
}
