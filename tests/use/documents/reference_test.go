package documents_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// mostBefore is how many lines `go doc ./etcd` may show before the first symbol: what a reader passes to get there.
const mostBefore = 120

var symbol = regexp.MustCompile(`^(const|var|func|type) `)

// introduction returns what `go doc` shows of package etcd before its first symbol.
func introduction(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("go", "doc", "./etcd")
	cmd.Dir = root
	page, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for i, line := range lines {
		if symbol.MatchString(line) {
			return lines[:i]
		}
	}
	t.Fatalf("`go doc ./etcd` shows no symbol:\n%s", page)
	return nil
}

func TestReferenceBeginsWithItsSymbolsSoon(t *testing.T) {
	if lines := len(introduction(t)); lines > mostBefore {
		t.Errorf("`go doc ./etcd` shows %d lines before the first symbol, more than %d: move rules to the symbols that keep them", lines, mostBefore)
	}
}

// Every call of the table "I want to" compiles.
func TestCallsOfTheReferenceCompile(t *testing.T) {
	c := newChecker(t)
	rows, column := 0, 0
	for _, line := range introduction(t) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "I want to "):
			column = strings.Index(line, "call")
		case strings.HasPrefix(line, "# "):
			column = 0 // the table has ended
		case column > 0 && len(line) > column:
			rows++
			if err := c.inline(line[column:]); err != nil {
				t.Errorf("%q: %v", strings.TrimSpace(line), err)
			}
		}
	}
	if rows < 25 {
		t.Errorf("the table has %d calls", rows)
	}
}
