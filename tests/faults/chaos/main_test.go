// Package chaos_test breaks real clusters while the library uses them, and checks that what it said
// about every call was true.
//
// CHAOS_SECONDS sets how long each test goes on; without it they take a few seconds each.
// CHAOS_SEED repeats the random choices of a run; the moments at which they fall stay the machine's.
package chaos_test

import (
	"testing"

	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, faultlink.Leaks()...) }
