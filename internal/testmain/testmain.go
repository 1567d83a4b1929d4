// Package testmain is the TestMain of the library's packages.
package testmain

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Run runs a package's tests and exits. It fails the run if goroutines outlive the tests: a call or a watch
// that has ended must leave nothing behind, and Close no connection.
func Run(m *testing.M) {
	flag.Parse()
	if os.Getenv("ETCD_EXAMPLES_ENDPOINT") == "" {
		skipExamples()
	}
	goleak.VerifyTestMain(m)
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
