//go:build unix

package exclusion_test

import (
	"testing"
	"time"
)

func holds(name string, token uint64, from, to time.Duration) []event {
	return []event{{Contender: name, Kind: held, Token: token, At: from, Until: to}, {Contender: name, Kind: left, Token: token, At: to}}
}

// The checker takes no tenure for part of another's, and none for lasting on after an operator's deletion.
func TestCheckerKnowsTenuresApart(t *testing.T) {
	for name, events := range map[string][]event{
		"names and tokens that read the same": append(holds("goroutine 14", 13, 1, 2),
			append(holds("goroutine 2", 20, 2, 3), holds("goroutine 1", 413, 3, 9)...)...),
		"a tenure told of after its key was deleted": append(holds("a", 13, 6, 9),
			append(holds("b", 16, 7, 8), event{Kind: deleted, Index: 14, At: 4, Until: 5})...),
	} {
		h := &history{events: events}
		if found := h.violations(one); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
	h := &history{events: append(holds("a", 13, 1, 3), holds("b", 16, 2, 4)...)}
	if found := h.violations(one); len(found) != 1 {
		t.Errorf("two holders: %q, want one violation", found)
	}
}
