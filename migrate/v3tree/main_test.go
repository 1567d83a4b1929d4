package v3tree_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// The tests share one server, and each has a prefix of its own.
var shared struct {
	sync.Once
	cluster *etcdtest.Cluster
	err     error
}

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(tests{m}) }

type tests struct{ *testing.M }

func (t tests) Run() int {
	defer func() {
		if shared.cluster != nil {
			_ = shared.cluster.Close()
		}
	}()
	return t.M.Run()
}

// server returns a client of an etcd 3.6, and a prefix that no other test uses.
func server(t *testing.T) (*clientv3.Client, string) {
	t.Helper()
	shared.Do(func() {
		binary := etcdtest.Build(t, etcdtest.Etcd36)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		shared.cluster, shared.err = etcdtest.New(ctx, etcdtest.WithBinary(binary))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: shared.cluster.Endpoints(), Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client, strings.ReplaceAll(t.Name(), "/", "-") + "/"
}
