//go:build unix

// Package lockhistory_test lets clients lock, extend, rename and unlock at random while members fail, and lets
// porcupine, a checker that knows nothing of etcd, find an order of it all in which no lock has a holder that
// another excludes.
//
// LOCK_HISTORY sets how many locks are taken of each kind on each kind of server; without it these are a few.
// LOCK_HISTORY_SEED repeats the random choices of a run; the moments at which they fall stay the machine's.
package lockhistory_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }
