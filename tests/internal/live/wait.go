package live

import (
	"testing"
	"time"
)

// Eventually waits until done says so, and fails the test if that takes more than half a minute.
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatalf("still not after 30 s: %s", what)
		case <-tick.C:
		}
	}
}

// Must returns the result of a call that has to work.
func Must[R any](t testing.TB) func(R, error) R {
	return func(result R, err error) R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// Err returns the error of a call whose result does not matter.
func Err[R any](_ R, err error) error { return err }
