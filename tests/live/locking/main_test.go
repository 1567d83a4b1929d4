// Package locking_test proves package locking on real servers.
package locking_test

import (
	"testing"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }
