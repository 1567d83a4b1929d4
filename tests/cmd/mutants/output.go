package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// output is what a run of the simulation printed.
type output struct {
	simulated time.Duration // until the violation, or to the end
	after     time.Duration // the beginning of its run the violation came; 0 if it was found at the end
	test      string        // with the violation
	violation string        // that a checker reported first; empty if none did
	ended     bool          // a simulation did
	reason    string        // the line that says why it failed in another way
	last      []string      // the lines before its end
}

// The lines of faults/sim, see its Errorf and simulate.
var (
	violated  = regexp.MustCompile(`^sim: (\w+)\S* is violated(?: after (\S+))?: (.*)`) // without a time at the end of a run
	simulated = regexp.MustCompile(`^sim: .* seed \d+: .* (\S+) simulated in `)
	failed    = regexp.MustCompile(`^(--- FAIL: \S+|\d+ goroutines left)`)
	panicked  = regexp.MustCompile(`^(panic|fatal error): .*`)
)

// readOutput reads what a run prints until it ends, or until the first violation.
func readOutput(from io.Reader) (output, error) {
	var o output
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20) // a violation can show a whole tree
	for lines.Scan() {
		line := lines.Text()
		if found := violated.FindStringSubmatch(line); found != nil {
			after, err := time.ParseDuration(cmp.Or(found[2], "0"))
			o.simulated, o.after, o.test, o.violation = o.simulated+after, after, found[1], found[3]
			return o, err
		}
		if found := simulated.FindStringSubmatch(line); found != nil {
			length, err := time.ParseDuration(found[1])
			if err != nil {
				return o, err
			}
			o.simulated, o.ended = o.simulated+length, true
		}
		switch {
		case panicked.MatchString(o.reason):
		case panicked.MatchString(line):
			o.reason = line // the tests have failed just before
		case o.reason == "":
			o.reason = failed.FindString(line)
		}
		o.last = append(o.last[max(len(o.last)-30, 0):], line)
	}
	return o, lines.Err()
}

// failure returns why a run ended without success and without a violation.
func (o output) failure() error {
	return fmt.Errorf("no violation, but %s\n%s", cmp.Or(o.reason, "a crash"), strings.Join(o.last, "\n"))
}
