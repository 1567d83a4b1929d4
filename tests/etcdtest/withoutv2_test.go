package etcdtest_test

import (
	"os/exec"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

// Without the v2 API the cluster's own questions to members have their answers all the same.
func TestMembersWithoutV2(t *testing.T) {
	for name, opts := range map[string][]etcdtest.Option{
		"3.5": {etcdtest.WithoutV2()},
		"3.6": {etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd36))},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := etcdtest.Start(t, append(opts, etcdtest.WithMembers(3))...)
			frozen := suite.Leader(t, cluster)
			if _, err := suite.Get(t.Context(), suite.NewClient(t), frozen.URL(), "/a"); err == nil {
				t.Error("the member has the v2 API")
			}
			if err := frozen.Freeze(); err != nil {
				t.Fatal(err)
			}
			second := suite.Leader(t, cluster)
			if second == frozen {
				t.Fatal("a frozen member leads")
			}
			if err := frozen.Thaw(); err != nil {
				t.Fatal(err)
			}
			if err := second.Kill(); err != nil {
				t.Fatal(err)
			}
			if third := suite.Leader(t, cluster); third == second {
				t.Fatal("a killed member leads")
			}
			if err := cluster.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestClientCertAuthWithoutV2(t *testing.T) {
	ca := etcdtest.NewCA(t)
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd36)), etcdtest.WithClientCertAuth(ca))
	if leader := suite.Leader(t, cluster); leader != cluster.Members()[0] {
		t.Errorf("%s leads", leader.Name())
	}
}

// The tool finds what keeps a data directory from being opened by etcd 3.6.
func TestEtcdutlLooksIntoDataDirectories(t *testing.T) {
	etcdutl := etcdtest.BuildEtcdutl(t)
	for name, test := range map[string]struct {
		opts  []etcdtest.Option
		clean bool
	}{
		"with v2":    {nil, false}, // the start ends with a quorum read
		"without v2": {[]etcdtest.Option{etcdtest.WithoutV2()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			member := etcdtest.Start(t, test.opts...).Members()[0]
			if err := member.Stop(); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), etcdutl, "check", "v2store", "--data-dir", member.DataDir()).CombinedOutput()
			if (err == nil) != test.clean {
				t.Errorf("the check says %q, %v", out, err)
			}
		})
	}
}

// A member moves from one version to the next with its data.
func TestConfigure(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithoutV2())
	member := cluster.Members()[0]
	if err := member.Configure(t.Context()); err == nil {
		t.Error("a member that runs was configured")
	}
	if err := member.Stop(); err != nil {
		t.Fatal(err)
	}
	for name, opt := range map[string]etcdtest.Option{
		"members": etcdtest.WithMembers(3), "TLS": etcdtest.WithTLS(etcdtest.NewCA(t)), "address": etcdtest.WithClientAddr("127.0.0.1:1"),
	} {
		if err := member.Configure(t.Context(), opt); err == nil {
			t.Errorf("%s: a member was configured with an option of the cluster", name)
		}
	}
	if err := member.Configure(t.Context(), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd36))); err != nil {
		t.Fatal(err)
	}
	if err := member.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := suite.ServerVersion(t, cluster); got != string(etcdtest.Etcd36) {
		t.Errorf("the member runs etcd %s", got)
	}
}
