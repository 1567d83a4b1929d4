package clients_test

import (
	"strings"
)

// steps are those of the scenario, in its order. README.md tells what they do.
var steps = []string{"key", "empty", "create", "swap", "in-order", "list", "watch", "machines", "version"}

// A report is what failed in one language on one server: steps of the scenario and other checks, each with the reason.
type report struct {
	language, etcd string
	failed         map[string]string
}

// readReport takes a scenario's output, which has a line for each step: "ok STEP" or "not ok STEP: REASON". A step
// without such a line has failed, too.
func readReport(language, etcd, output string) report {
	r := report{language, etcd, map[string]string{}}
	for _, step := range steps {
		r.failed[step] = "it was not reached"
	}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if step, ok := strings.CutPrefix(line, "ok "); ok {
			delete(r.failed, step)
		} else if failure, ok := strings.CutPrefix(line, "not ok "); ok {
			step, reason, _ := strings.Cut(failure, ": ")
			r.failed[step] = reason
		}
	}
	return r
}
