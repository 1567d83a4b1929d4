package contract

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/api/contract/proof"
	"github.com/etcdv2/client/tests/validator"
)

// A reason says why traffic cannot show some of what is declared. The names are patterns, as for files.
type reason struct {
	why   string
	names []string
}

// atLeast is how much of each kind has to be seen, in percent.
var atLeast = map[proof.Kind]float64{
	proof.Operation: 100, proof.Parameter: 95, proof.Status: 95, proof.Field: 95,
}

func checkCoverage(t *testing.T, traffic []*validator.Exchange) {
	table := proof.Measure(spec, traffic)
	for _, kind := range proof.Kinds {
		seen, all := table.Count(kind)
		percent := 100 * float64(seen) / float64(all)
		fmt.Printf("contract: coverage: %-10s %4d of %4d, %5.1f %%\n", kind, seen, all, percent)
		if percent < atLeast[kind] {
			t.Errorf("%.1f %% of each %s were seen, want %.0f %%", percent, kind, atLeast[kind])
		}
	}
	var gaps []string
	for _, gap := range table.Gaps() {
		gaps = append(gaps, gap.String())
	}
	slices.Sort(gaps)
	explain(t, "gap", gaps, withReason34(gapReasons, "header MovedPermanently Access-Control-*"))
}

func checkMutants(t *testing.T, traffic []*validator.Exchange) {
	score, err := proof.Mutate(spec, traffic)
	if err != nil {
		t.Fatal(err)
	}
	percent := 100 * float64(score.Killed) / float64(score.Total())
	fmt.Printf("contract: mutants: %d of %d killed by %d exchanges, %.1f %%\n", score.Killed, score.Total(), len(traffic), percent)
	if percent < 95 {
		t.Errorf("%.1f %% of the mutants were killed, want 95 %%", percent)
	}
	explain(t, "survivor", score.Survivors,
		withReason34(survivorReasons, "/components/responses/MovedPermanently/headers/Access-Control-*: removed"))
}

// withReason34 adds a reason for what only etcd 3.4 shows, if there was none to run on.
func withReason34(reasons []reason, names ...string) []reason {
	if !without34.Load() {
		return reasons
	}
	return append(slices.Clone(reasons), reason{"etcd 3.4 was left out", names})
}

// explain prints the reason for each name, one line a reason, and fails for names without one and for patterns that are
// not needed.
func explain(t *testing.T, what string, names []string, reasons []reason) {
	for _, r := range reasons {
		var explained []string
		for _, pattern := range r.names {
			before := len(names)
			names = slices.DeleteFunc(names, func(name string) bool {
				ok := matches(t, pattern, name)
				if ok {
					explained = append(explained, name)
				}
				return ok
			})
			if len(names) == before {
				t.Errorf("no %s is %q any more: its reason can go", what, pattern)
			}
		}
		fmt.Printf("contract:   %d x %s, %s: %s\n", len(explained), what, r.why, strings.Join(explained, ", "))
	}
	for _, name := range names {
		t.Errorf("%s without a reason: %s", what, name)
	}
}

func matches(t *testing.T, pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(name, "/", "|"))
	if err != nil {
		t.Fatal(err)
	}
	return ok
}
