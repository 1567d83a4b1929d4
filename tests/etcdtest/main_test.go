package etcdtest_test

import (
	"os"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		child()
		return
	}
	etcdtest.VerifyNoLeaks(m)
}
