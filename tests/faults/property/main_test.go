// Package property_test does random things to a small tree while connections and members break, and
// checks that what the watches tell is what has happened: replayed, it gives the server's tree.
//
// WATCH_SEED repeats the choices of a run, WATCH_STEPS sets how many there are. The moments at which
// keys expire stay the server's.
package property_test

import (
	"testing"

	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, faultlink.Leaks()...) }
