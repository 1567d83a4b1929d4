// Package gateway_test puts gateways that answer requests themselves between the library and real members,
// and checks that the library believes only etcd, and only an answer to the request that it made.
//
// GATEWAY_STEPS sets the number of writes, and of reads, that the random test makes on each kind of server.
// GATEWAY_SEED repeats the choices of a run, but not their timing.
package gateway_test

import (
	"testing"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }
