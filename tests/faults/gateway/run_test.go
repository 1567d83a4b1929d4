package gateway_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

const (
	shortRun  = 120 // writes, and as many reads
	mostShown = 10  // lies; all are counted
)

// run is the state of one random test: its choices, its clock and its counts.
type run struct {
	t     *testing.T
	steps int
	seed  uint64
	fail  func(format string, args ...any) // t.Errorf, except in tests of the checks
	clock atomic.Int64                     // ticks at the beginning and at the end of each call

	mu     sync.Mutex
	counts map[string]int
}

// newRun returns a run of n writes and as many reads.
func newRun(t *testing.T, n int) *run {
	t.Helper()
	r := &run{t: t, steps: n, fail: t.Errorf, counts: map[string]int{}}
	r.seed = number(t, "GATEWAY_SEED", uint64(time.Now().UnixNano()))
	t.Logf("%d writes and as many reads, GATEWAY_SEED=%d", r.steps, r.seed)
	return r
}

// steps returns the number of writes, and of reads, that GATEWAY_STEPS asks for.
func steps(t *testing.T) int {
	t.Helper()
	return int(number(t, "GATEWAY_STEPS", shortRun))
}

// number returns the value of an environment variable, or otherwise if it is not set.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	if text := os.Getenv(name); text != "" {
		return live.Must[uint64](t)(strconv.ParseUint(text, 10, 64))
	}
	return otherwise
}

// random returns the choices of one part of the run. They do not depend on those of the other parts.
func (r *run) random(part int) *rand.Rand { return rand.New(rand.NewPCG(r.seed, uint64(part))) }

// count adds one to a count of the summary.
func (r *run) count(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what]++
}

func (r *run) counted(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[what]
}

// lie fails the test because the result of a call is not true. The summary counts lies by kind.
func (r *run) lie(c *call, kind, format string, args ...any) {
	r.count("LIES: " + kind)
	r.count("lies")
	if c.planted {
		r.count("lies of a planted bug")
	}
	if r.counted("lies") <= mostShown {
		r.fail("%s: %s\n\t%v\n\tits gateways: %s", kind, fmt.Sprintf(format, args...), c, strings.Join(c.trail, "; "))
	}
}

// summarize logs all counts.
func (r *run) summarize() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(r.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, r.counts[what]))
	}
	r.t.Log(strings.Join(parts, ", "))
}
