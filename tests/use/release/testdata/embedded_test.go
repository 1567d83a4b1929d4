package program

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
)

// A test of a program that starts etcd inside its own process.
func TestProgram(t *testing.T) {
	cluster := etcdtest.Start(t, embedded.Etcd())
	if _, err := cluster.Leader(t.Context()); err != nil {
		t.Fatal(err)
	}
}
