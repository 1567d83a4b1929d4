// Package watchload_test measures what many watches on one client cost it. WATCH_LOAD says how many, 1,000
// for the figures; without it there are a few, and the test shows no more than that it works.
package watchload_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }
