package contract

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// thorough is set by `make contract`: every version, the slow cases, coverage and mutants.
var thorough = os.Getenv("CONTRACT") == "thorough"

// subjects are all tables, in the order to read them.
var subjects = []subject{
	reading, heading, writing, queueing, naming, comparing, deleting, directories, expiring, watching, streaming,
	asking, refusing, statistics, following, counting, members, withoutQuorum, undecided, withoutAuth, authentication, users, roles, rights,
	withoutV2, proxyWithoutMembers, proxyUnanswered, proxyReadOnly,
}

// The API answers as the tables say, and the description declares everything that is sent.
func TestContract(t *testing.T) {
	// A variable that is set for other programs must not send `make test` to anybody's cluster.
	if endpoints := os.Getenv("ETCD_ENDPOINTS"); thorough && endpoints != "" {
		checkStranger(t, strings.Split(endpoints, ","))
		return
	}
	// All at once, servers on two cores would be too slow to keep their leaders.
	for some := range slices.Chunk(releases(t), 3) {
		t.Run("servers", func(t *testing.T) {
			for _, release := range some {
				t.Run(release.name, func(t *testing.T) {
					t.Parallel()
					checkRelease(t, release)
				})
			}
		})
	}
	if thorough {
		t.Run("coverage", func(t *testing.T) { checkCoverage(t, recorded.exchanges) })
		t.Run("mutants", func(t *testing.T) { checkMutants(t, recorded.exchanges) })
	}
}

func checkRelease(t *testing.T, r *release) {
	tally := newTally("etcd " + r.name)
	t.Cleanup(tally.print)
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			on := s.on(t, r)
			if on == nil {
				tally.skip("no such server of this release, or only with make contract", s.name)
				return
			}
			runSubject(t, s, on, tally)
		})
	}
}
