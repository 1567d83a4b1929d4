//go:build linux

package etcdtest_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestEnding(t *testing.T) {
	suite.Ending(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
}

// Elsewhere the members of a process that was killed live on.
func TestEndings(t *testing.T) {
	t.Run("running", func(t *testing.T) { suite.Endings(t, false) })
	if !testing.Short() { // make test has the short form, and go test both
		t.Run("frozen", func(t *testing.T) { suite.Endings(t, true) })
	}
}
