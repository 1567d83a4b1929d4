package etcdtest

import (
	"testing"

	"go.uber.org/goleak"
)

// VerifyNoLeaks runs the tests and then fails if a goroutine is left. Call it in place
// of m.Run:
//
//	func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }
func VerifyNoLeaks(m *testing.M) {
	goleak.VerifyTestMain(m)
}
