package locking

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails the run when goroutines outlive the tests, and leaves out the examples where no server
// is named for them: see the same of package etcd.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("ETCD_EXAMPLES_ENDPOINT") == "" {
		skipExamples()
	}
	code := m.Run()
	if left := leftovers(5 * time.Second); code == 0 && len(left) > 0 {
		fmt.Fprintf(os.Stderr, "%d goroutines left after the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		code = 1
	}
	os.Exit(code)
}

// skipExamples adds the examples to what -skip leaves out.
func skipExamples() {
	skip := flag.Lookup("test.skip").Value
	pattern := "^Example"
	if user := skip.String(); user != "" {
		pattern = user + "|" + pattern
	}
	if err := skip.Set(pattern); err != nil {
		panic(err)
	}
}

var ours = regexp.MustCompile(`(?m)^(net/http\.|github\.com/etcdv2/client/)`)

// leftovers returns the goroutines that should not be there, once they had limit to end.
func leftovers(limit time.Duration) []string {
	tick, over := time.NewTicker(10*time.Millisecond), time.After(limit)
	defer tick.Stop()
	for {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		var left []string
		for _, stack := range strings.Split(string(stacks), "\n\n")[1:] { // the first is our own
			if ours.MatchString(stack) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-over:
			return left
		}
	}
}
