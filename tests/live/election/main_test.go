// Package election_test proves package election on real servers.
package election_test

import (
	"testing"

	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { live.Main(m) }
