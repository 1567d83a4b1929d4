package embedded_test

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/embedded"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

func TestMembers(t *testing.T) { suite.Run(t, embedded.Etcd()) }

func TestVersionIsTheOneToBuild(t *testing.T) {
	cluster := etcdtest.Start(t, embedded.Etcd())
	if got := suite.ServerVersion(t, cluster); got != string(etcdtest.Etcd35) {
		t.Fatalf("embedded members are etcd %s, Build makes %s: embedded/go.mod and builds/ differ", got, etcdtest.Etcd35)
	}
}

func TestCannotFreeze(t *testing.T) {
	member := etcdtest.Start(t, embedded.Etcd()).Members()[0]
	if err := member.Freeze(); !errors.Is(err, etcdtest.ErrNotProcess) {
		t.Fatalf("Freeze: %v", err)
	}
	if err := member.Thaw(); !errors.Is(err, etcdtest.ErrNotProcess) {
		t.Fatalf("Thaw: %v", err)
	}
}
