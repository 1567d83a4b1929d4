package cluster_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// Close ends calls that hang, watches and the background; TestMain finds what it leaves.
func TestCloseEndsWhatRuns(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	member := cluster.Members()[0]
	seen := &attempts{}
	client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints(), SyncInterval: 10 * time.Millisecond, Observer: seen})
	if err != nil {
		t.Fatal(err)
	}
	must(t)(client.Set(t.Context(), "/a", "1"))
	if err := member.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer thaw(t, member)
	calls := []func() (*etcd.Response, error){
		func() (*etcd.Response, error) { return client.Get(t.Context(), "/a") },
		func() (*etcd.Response, error) { return client.Set(t.Context(), "/a", "2") },
		func() (*etcd.Response, error) { return client.WatchOnce(t.Context(), "/a") },
		func() (*etcd.Response, error) {
			return client.Modify(t.Context(), "/a", func(string) (string, error) { return "3", nil })
		},
	}
	var running sync.WaitGroup
	before := seen.started()
	for i, call := range calls {
		running.Go(func() {
			if _, err := call(); !errors.Is(err, etcd.ErrClosed) {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	live.Eventually(t, "all calls have been sent", func() bool { return seen.started() >= before+len(calls) })
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	running.Wait()
	if _, err := client.Get(t.Context(), "/a"); !errors.Is(err, etcd.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
