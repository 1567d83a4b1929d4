package sim

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// longest is how long one run is at most. A longer simulation is made of several, each with a seed of its own.
const longest = time.Hour

// run simulates a workload for SIM_HOURS in virtual time, with the seeds from SIM_SEED on, or from a random one;
// without SIM_HOURS for five seconds, and with the seed 1, so that a change is not refused for what was there before.
func run(t *testing.T, name string, options Options, workload func(*World)) {
	t.Parallel()
	left, seed := 5*time.Second, uint64(1)
	if text := os.Getenv("SIM_HOURS"); text != "" {
		hours, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		left, seed = time.Duration(hours*float64(time.Hour)), rand.Uint64N(1_000_000)
	}
	if text := os.Getenv("SIM_SEED"); text != "" {
		first, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = first
	}
	for ; left > 0; left, seed = left-longest, seed+1 {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			simulate(t, name, seed, min(left, longest), options, workload)
		})
	}
}
