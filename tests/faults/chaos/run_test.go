package chaos_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/internal/live"
)

// run is one chaos test under way: how long it goes on, its random choices and what it counts.
type run struct {
	t     *testing.T
	lasts time.Duration
	long  bool // somebody waits for it and wants to see figures
	seed  uint64
	start time.Time
	fail  func(format string, args ...any) // t.Errorf, but in the tests of the checks

	mu     sync.Mutex
	counts map[string]int
}

// newRun returns a run that lasts as long as CHAOS_SECONDS says, or else short.
func newRun(t *testing.T, short time.Duration) *run {
	t.Helper()
	r := &run{t: t, lasts: short, seed: uint64(time.Now().UnixNano()), start: time.Now(), fail: t.Errorf, counts: map[string]int{}}
	if text := os.Getenv("CHAOS_SECONDS"); text != "" {
		seconds := live.Must[int](t)(strconv.Atoi(text))
		r.lasts, r.long = time.Duration(seconds)*time.Second, true
	}
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		r.seed = live.Must[uint64](t)(strconv.ParseUint(text, 10, 64))
	}
	r.say("%v, seed %d", r.lasts, r.seed)
	return r
}

// random returns the choices of one part of the run, which do not depend on those of the others.
func (r *run) random(part int) *rand.Rand { return rand.New(rand.NewPCG(r.seed, uint64(part))) }

// count adds n to what the summary tells of what.
func (r *run) count(what string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what] += n
}

func (r *run) counted(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[what]
}

// longest keeps the longest time that something took for the summary, and how often it was slow.
func (r *run) longest(what string, took time.Duration) {
	if took > time.Second {
		r.count(what+"s of more than 1 s", 1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	what = "ms for the longest " + what
	r.counts[what] = max(r.counts[what], int(took.Milliseconds()))
}

// summarize tells what was done and how it ended.
func (r *run) summarize() {
	r.mu.Lock()
	defer r.mu.Unlock()
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(r.counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, r.counts[what]))
	}
	r.say("after %v: %s", time.Since(r.start).Round(100*time.Millisecond), strings.Join(parts, ", "))
}

func (r *run) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	r.t.Log(line)
	if r.long {
		fmt.Printf("%s: %s\n", r.t.Name(), line)
	}
}

// lie reports that something the library said was not true.
func (r *run) lie(format string, args ...any) { r.complain("violations", format, args...) }

// complain fails the test, and counts of what it is the how manieth. Only the first are shown.
func (r *run) complain(what, format string, args ...any) {
	r.count(what, 1)
	if r.counted(what) <= 10 {
		r.fail(format, args...)
	}
}

// pace waits for the time between two steps of a load or a fault. It is false when ctx has ended.
func pace(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
