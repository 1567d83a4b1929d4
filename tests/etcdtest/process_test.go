package etcdtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

var versions = []etcdtest.Version{etcdtest.Etcd20, etcdtest.Etcd23, etcdtest.Etcd33, etcdtest.Etcd35}

func TestProcess(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, v)))
			if got := suite.ServerVersion(t, cluster); got != string(v) {
				t.Fatalf("runs etcd %s", got)
			}
			client, member := suite.NewClient(t), cluster.Members()[0]
			suite.Put(t, client, member.URL(), "/a", "1")
			suite.Put(t, client, member.URL(), "/b", "2") // the last write may be lost, see Kill
			if err := member.Kill(); err != nil {
				t.Fatal(err)
			}
			suite.Refused(t, member.URL())
			if err := member.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			suite.WantValue(t, client, member.URL(), "/a", "1")
		})
	}
}

func TestProcessesElectAnother(t *testing.T) {
	for _, v := range []etcdtest.Version{etcdtest.Etcd23, etcdtest.Etcd35} {
		t.Run(string(v), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, v)))
			frozen := suite.Leader(t, cluster)
			if err := frozen.Freeze(); err != nil {
				t.Fatal(err)
			}
			second := suite.Leader(t, cluster)
			if second == frozen {
				t.Fatal("a frozen member leads")
			}
			if err := second.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := frozen.Thaw(); err != nil {
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

func TestFreezeAndThaw(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	client, member := suite.NewClient(t), cluster.Members()[0]
	suite.Put(t, client, member.URL(), "/a", "1")
	for range 2 { // the second time changes nothing
		if err := member.Freeze(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := suite.Get(ctx, client, member.URL(), "/a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a frozen member answered: %v", err)
	}
	if err := member.Thaw(); err != nil {
		t.Fatal(err)
	}
	suite.WantValue(t, client, member.URL(), "/a", "1")
}

// A frozen process takes no signal but SIGKILL and SIGCONT.
func TestStopFrozenProcess(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	member := cluster.Members()[0]
	if err := member.Freeze(); err != nil {
		t.Fatal(err)
	}
	suite.Within(t, 2*time.Second, member.Stop)
	suite.Refused(t, member.URL())
	if err := member.Thaw(); err == nil {
		t.Fatal("a stopped member was thawed")
	}
}

func TestStopProcessWithOpenLongPoll(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, v)))
			member := cluster.Members()[0]
			ended := suite.Watch(t.Context(), t, suite.NewClient(t), member.URL(), "/a")
			suite.Within(t, 5*time.Second, member.Stop)
			if r := <-ended; r.Err == nil {
				t.Fatalf("the long poll ended with an event: %+v", r.Event)
			}
		})
	}
}
