package scale_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	v2 "go.etcd.io/etcd/client/v2"
)

// cost is what a child has cost since it began.
type cost struct {
	CPU    time.Duration
	Asking time.Duration // CPU time of measuring the memory, which follows
	Bytes  uint64
	Events int64
	Errors int64
}

// usage returns the CPU time of this process, in user mode and in the kernel.
func usage(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// footprint returns the bytes of heap and stacks in use.
func footprint() uint64 {
	var stats runtime.MemStats
	for range 2 { // what a pool holds goes with the second
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}

// watchQuietly watches a number of keys below a directory, each alone, and tells what it costs.
func watchQuietly(t *testing.T, task task) {
	watch := newWatch(t, task)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	var seen, failed atomic.Int64
	for begun := 0; asked(); begun = task.Count { // the first answer is before the watches begin
		now := cost{CPU: usage(t), Bytes: footprint(), Events: seen.Load(), Errors: failed.Load()}
		now.Asking = usage(t) - now.CPU
		tell(t, now)
		for i := begun; i < task.Count; i++ {
			running.Go(func() {
				err := watch(ctx, fmt.Sprintf("%s/k%05d", task.Dir, i), func() { seen.Add(1) })
				if ctx.Err() == nil {
					failed.Add(1)
					t.Log(err)
				}
			})
		}
	}
}

// newWatch returns a function that watches a key with the library of the task.
func newWatch(t *testing.T, task task) func(ctx context.Context, key string, seen func()) error {
	t.Helper()
	if task.Library == official {
		keys := officialKeys(t, task.Endpoint)
		return func(ctx context.Context, key string, seen func()) error {
			watcher := keys.Watcher(key, nil)
			for {
				if _, err := watcher.Next(ctx); err != nil {
					return err
				}
				seen()
			}
		}
	}
	client := live.Connect(t, etcd.Config{Endpoints: []string{task.Endpoint}, WatchPolls: task.Polls})
	return func(ctx context.Context, key string, seen func()) error {
		for _, err := range client.Watch(ctx, key) {
			if err != nil {
				return err
			}
			seen()
		}
		return nil
	}
}

// officialKeys returns the keys of the official client, whose connections close with the test.
func officialKeys(t *testing.T, endpoint string) v2.KeysAPI {
	t.Helper()
	transport := &http.Transport{} // in which everything is as in its own
	t.Cleanup(transport.CloseIdleConnections)
	client, err := v2.New(v2.Config{Endpoints: []string{endpoint}, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return v2.NewKeysAPI(client)
}
