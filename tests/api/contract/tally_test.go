package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/tests/validator"
)

// A tally counts what came of the cases on one kind of server.
type tally struct {
	name string

	mu       sync.Mutex
	held     int
	failed   int
	findings int // on answers
	skipped  map[string][]string
}

func newTally(name string) *tally { return &tally{name: name, skipped: map[string][]string{}} }

func (t *tally) hold(test *testing.T, findings []validator.Finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if test.Failed() {
		t.failed++
	} else {
		t.held++
	}
	for _, f := range findings {
		if f.Side == validator.Response {
			t.findings++
		}
	}
}

func (t *tally) skip(why, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped[why] = append(t.skipped[why], what)
}

// print says what was held, and what was left out for which reason.
func (t *tally) print() {
	fmt.Printf("contract: %s: %d cases held, %d failed, %d findings on answers\n", t.name, t.held, t.failed, t.findings)
	for _, why := range slices.Sorted(maps.Keys(t.skipped)) {
		names := t.skipped[why]
		shown := names[:min(len(names), 3)]
		more := ""
		if len(names) > len(shown) {
			more = ", …"
		}
		fmt.Printf("contract:   left out %d, %s: %s%s\n", len(names), why, strings.Join(shown, "; "), more)
	}
}
