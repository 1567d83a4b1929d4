// Package bench measures this library beside the other Go clients of the v2 API, and beside what net/http and a bare
// connection allow.
//
// In `make test` the measurements of calls and of a watch are made once and shortly, to see that they work. With BENCH_OUT, a directory, as `make
// bench` has it, the measurements are made at length, benchmarks.md and its charts are written there, and the test
// fails where a target is missed.
package bench

import (
	"os"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) {
	etcdtest.VerifyNoLeaks(m)
}

// scale is how much is measured.
type scale struct {
	rounds   int           // of each measurement
	batch    time.Duration // about how long one client is measured in a round
	tree     int           // nodes of the largest tree
	watched  int           // writes per round of a watch's latency
	handed   int           // locks
	sets     int           // by each of the storm's 64 writers
	patience time.Duration // how long calls are repeated while a member fails
	large    int           // bytes of the value whose reading takes memory
}

var (
	quick = scale{rounds: 1, tree: 100, watched: 5, handed: 5, sets: 5, patience: time.Second, large: 1 << 20}
	full  = scale{rounds: 41, batch: 20 * time.Millisecond, tree: 100_000, watched: 200, handed: 400, sets: 200, patience: 9 * time.Second, large: 10_000_000}
)

// outDir is where the results are to be written, empty for nowhere.
func outDir() string { return os.Getenv("BENCH_OUT") }
