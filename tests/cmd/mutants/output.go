package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// output is what a run of the simulation printed.
type output struct {
	simulated time.Duration // until the violation, or to the end
	test      string        // with the violation
	violation string        // that a checker reported first; empty if none did
	ended     bool          // a simulation did
	last      []string      // lines that it printed last, to say what else happened
}

// The lines of faults/sim, see its Errorf and simulate.
var (
	violated  = regexp.MustCompile(`^sim: (\w+)\S* is violated after (\S+): (.*)`)
	simulated = regexp.MustCompile(`^sim: .* seed \d+: .* (\S+) simulated in `)
)

// readOutput reads what a run prints until it ends, or until the first violation.
func readOutput(from io.Reader) (output, error) {
	var o output
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20) // a violation can show a whole tree
	for lines.Scan() {
		line := lines.Text()
		if found := violated.FindStringSubmatch(line); found != nil {
			after, err := time.ParseDuration(found[2])
			o.simulated, o.test, o.violation = o.simulated+after, found[1], found[3]
			return o, err
		}
		if found := simulated.FindStringSubmatch(line); found != nil {
			length, err := time.ParseDuration(found[1])
			if err != nil {
				return o, err
			}
			o.simulated, o.ended = o.simulated+length, true
		}
		o.last = append(o.last[max(len(o.last)-30, 0):], line)
	}
	return o, lines.Err()
}

// failure returns why a run ended without success and without a violation: what it printed says it.
func (o output) failure() error {
	printed := strings.Join(o.last, "\n")
	panicked := func(line string) bool {
		return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
	}
	if i := slices.IndexFunc(o.last, panicked); i >= 0 {
		return fmt.Errorf("no violation, but %s\n%s", o.last[i], printed)
	}
	return fmt.Errorf("no violation, but %s failed\n%s", whatFailed([]byte(printed)), printed)
}
