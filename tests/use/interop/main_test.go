// Package interop_test lets this library and python-etcd use the same locks. It runs only with INTEROP set,
// as make interop does, since it fetches python-etcd from PyPI.
package interop_test

import (
	"testing"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }
