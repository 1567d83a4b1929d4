package etcdtest_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

// A program beside a cluster serves when RunBeside returns, and is gone when the test has ended.
func TestProgramBeside(t *testing.T) {
	binary := etcdtest.Build(t, etcdtest.Etcd23)
	cluster := etcdtest.Start(t, etcdtest.WithBinary(binary))
	addr := ""
	t.Run("", func(t *testing.T) {
		addr = etcdtest.FreeAddr(t)
		etcdtest.RunBeside(t, addr, binary, "--name=beside", "--data-dir="+t.TempDir(), "--listen-client-urls=http://"+addr,
			"--advertise-client-urls=http://"+addr, "--proxy=on", "--initial-cluster=beside="+cluster.Endpoints()[0])
		resp, err := suite.NewClient(t).Get("http://" + addr + "/version")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	})
	suite.Refused(t, "http://"+addr)
}
