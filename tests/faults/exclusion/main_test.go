//go:build unix

// Package exclusion_test lets contenders compete for locks on real clusters that are being broken, and
// checks from the history of it that no two held the same lock at the same time.
//
// EXCLUSION_SECONDS sets how long that goes on for each kind of server; without it that is three seconds.
// EXCLUSION_SEED repeats the random choices of a run; the moments at which they fall stay the machine's.
package exclusion_test

import (
	"os"
	"testing"

	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	goleak.VerifyTestMain(m, faultlink.Leaks()...)
}
