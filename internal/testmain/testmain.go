// Package testmain is the TestMain of the library's packages.
package testmain

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

// Run runs a package's tests and exits. It fails the run when goroutines of the library or of net/http
// outlive the tests: a call or a watch that has ended must leave nothing behind, and Close no connection. It
// does not use goleak, as the tests module does: a requirement of the tests of this module would stand in the
// go.sum of every program that imports the library.
func Run(m *testing.M) {
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

// skipExamples leaves out the examples: their Output comments, which show a reader what to expect, make go
// test run them, and they need a live etcd. A test in the tests module runs them against a real server, and
// names it in ETCD_EXAMPLES_ENDPOINT. A -skip of the user's own still counts.
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
