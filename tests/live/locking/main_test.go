// Package locking_test proves package locking on real servers.
package locking_test

import (
	"os"
	"testing"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	live.Main(m)
}
