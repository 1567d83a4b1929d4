//go:build unix

package exclusion_test

import (
	"testing"
	"time"
)

func holds(name string, token uint64, from, to time.Duration) []event {
	return []event{{Contender: name, Kind: held, Token: token, At: from, Until: to}, {Contender: name, Kind: left, Token: token, At: to}}
}

// as gives a process's events an identity.
func as(identity string, events []event) []event {
	for i := range events {
		events[i].Identity = identity
	}
	return events
}

// The checker takes no tenure for part of another's, and none for lasting on after an operator's deletion, a
// process's death or its successor's beginning.
func TestCheckerKnowsTenuresApart(t *testing.T) {
	for name, events := range map[string][]event{
		"names and tokens that read the same": append(holds("goroutine 14", 13, 1, 2),
			append(holds("goroutine 2", 20, 2, 3), holds("goroutine 1", 413, 3, 9)...)...),
		"a tenure told of after its key was deleted": append(holds("a", 13, 6, 9),
			append(holds("b", 16, 7, 8), event{Kind: deleted, Index: 14, At: 4, Until: 5})...),
		"a process that is dead":      append(holds("a", 13, 1, 9), append(holds("b", 16, 7, 8), event{Contender: "a", Kind: killed, At: 6})...),
		"the same identity and token": append(as("x", holds("a", 13, 1, 5)), as("x", holds("a#2", 13, 3, 7))...),
		"the next in line after a take-over": append(as("x", holds("a", 13, 1, 5)),
			append(as("x", holds("a#2", 13, 2, 3)), holds("b", 16, 4, 6)...)...),
		"an Unlock that found the loss":       append(holds("a", 13, 1, 3), holds("b", 16, 4, 6)...),
		"an Unlock before the next":           append(holds("a", 13, 1, 3), append(holds("b", 16, 4, 6), event{Contender: "a", Kind: released, Token: 13, At: 3})...),
		"an extension cut short by a failure": {{Kind: extended, Until: 9}, {Kind: extending}, {Kind: held, At: 4, Until: 6}},
	} {
		h := &history{events: events}
		if found := h.violations(one); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func TestCheckerFindsViolations(t *testing.T) {
	for name, events := range map[string][]event{
		"two holders":                       append(holds("a", 13, 1, 3), holds("b", 16, 2, 4)...),
		"a token that is not greater":       append(holds("a", 13, 1, 3), holds("b", 13, 4, 5)...),
		"the same identity, another token":  append(as("x", holds("a", 13, 1, 5)), as("x", holds("a#2", 16, 3, 7))...),
		"another identity, the same token":  append(as("x", holds("a", 13, 1, 3)), as("y", holds("b", 13, 4, 7))...),
		"kept alive after a take-over":      append(as("x", holds("a", 13, 1, longest+4)), as("x", holds("a#2", 13, 3, 7))...),
		"unlocked after another":            append(holds("a", 13, 1, 3), append(holds("b", 16, 4, 6), event{Contender: "a", Kind: released, Token: 13, At: 5})...),
		"unlocked after a take-over":        append(as("x", holds("a", 13, 1, 3)), append(as("x", holds("a#2", 13, 2, 6)), event{Contender: "a", Kind: released, Token: 13, At: 3})...),
		"an extension that did not last":    {{Kind: extending}, {Kind: extended, Until: 9}, {Kind: held, At: 4, Until: 6}},
		"a stranger's death that ends none": append(holds("a", 13, 1, 9), append(holds("b", 16, 7, 8), event{Contender: "c", Kind: killed, At: 6})...),
	} {
		h := &history{events: events}
		if found := h.violations(one); len(found) != 1 {
			t.Errorf("%s: %q, want one violation", name, found)
		}
	}
}
