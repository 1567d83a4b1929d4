package etcdtest_test

import (
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestBadOptions(t *testing.T) {
	for name, opt := range map[string]etcdtest.Option{
		"no member":      etcdtest.WithMembers(0),
		"no such binary": etcdtest.WithBinary("no/such/file"),
		"not etcd":       etcdtest.WithBinary("/bin/true"),
		"no port":        etcdtest.WithClientAddr("127.0.0.1"),
		"any port":       etcdtest.WithClientAddr("127.0.0.1:0"),
		"named port":     etcdtest.WithClientAddr("127.0.0.1:http"),
		"high port":      etcdtest.WithClientAddr("127.0.0.1:65536"),
		"no host":        etcdtest.WithClientAddr(":2379"),
		"named host":     etcdtest.WithClientAddr("example.com:2379"),
		"no CA":          etcdtest.WithTLS(nil),
		"no write":       etcdtest.WithSnapshotCount(0),
	} {
		if c, err := etcdtest.New(t.Context(), opt); err == nil || c != nil {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

func TestProcesses(t *testing.T) {
	for _, v := range []etcdtest.Version{etcdtest.Etcd23, etcdtest.Etcd35} {
		t.Run(string(v), func(t *testing.T) { suite.Run(t, etcdtest.WithBinary(etcdtest.Build(t, v))) })
	}
}

// Without options, the member is a process of the newest version.
func TestWithoutOptions(t *testing.T) {
	cluster := etcdtest.Start(t)
	if got := suite.ServerVersion(t, cluster); got != string(etcdtest.Etcd35) {
		t.Errorf("runs etcd %s", got)
	}
	if err := cluster.Members()[0].Freeze(); err != nil {
		t.Error(err)
	}
}
