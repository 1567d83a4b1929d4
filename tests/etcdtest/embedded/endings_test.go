//go:build unix

package embedded_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestEnding(t *testing.T) { suite.Ending(t, embedded.Etcd()) }

func TestEndings(t *testing.T) { suite.Endings(t, false) }
