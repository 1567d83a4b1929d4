package etcdtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

const (
	// neighbourEnv has the number of members of each neighbour's cluster.
	neighbourEnv = "ETCDTEST_NEIGHBOUR"
	neighbours   = 20
)

// Go test runs packages at the same time. None takes another's port, or another's server for its own.
func TestNeighbours(t *testing.T) {
	etcdtest.Build(t, etcdtest.Etcd23) // once
	members := "1"
	if os.Getenv("ETCDTEST_THOROUGH") != "" {
		members = "3"
	}
	for i := range neighbours {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestNeighbour$", "-test.timeout=5m")
			cmd.Env = append(os.Environ(), neighbourEnv+"="+members)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestNeighbour is one of them. It stops and restarts each of its members, and looks for what it wrote.
func TestNeighbour(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(neighbourEnv))
	if err != nil {
		t.Skip("only a child of TestNeighbours does this")
	}
	cluster := etcdtest.Start(t, etcdtest.WithMembers(n), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	client, own := suite.NewClient(t), fmt.Sprint(os.Getpid())
	suite.Put(t, client, suite.Leader(t, cluster).URL(), "/whose", own)
	for range 3 {
		for _, m := range cluster.Members() {
			if err := m.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := m.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			suite.WantValue(t, client, m.URL(), "/whose", own)
		}
	}
}
