package scale_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// Many clients in four processes have a quiet watch each, while others write elsewhere.
func TestManyClients(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		const rate = 300
		processes, each := size(1, 4), size(5, 250)
		g := newGauge(t, endpoint)
		for i := range processes {
			c := start(t, task{Work: "clients", Endpoint: g.url, Dir: fmt.Sprintf("/clients/%d", i), Count: each})
			ask[int](t, c)
		}
		writes := begin(t, endpoint, rate, elsewhere)
		observe(t, 5) // until the first polls have been made again
		g.reset()
		before := writes.written.Load()
		waited := observe(t, 30)
		written := float64(writes.written.Load()-before) / waited.Seconds()
		writes.end()
		t.Logf("scale: %d clients with a watch each, %.0f writes/s elsewhere: %.0f requests a second, %d connections",
			processes*each, written, g.rate(waited), g.most.Load())
		atMost(t, "requests a second and client", g.rate(waited)/float64(processes*each), 2)
	})
}

// manyClients makes clients, of which each watches a key, and tells when all are made.
func manyClients(t *testing.T, task task) {
	asked()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	for i := range task.Count {
		client, key := live.Connect(t, etcd.Config{Endpoints: []string{task.Endpoint}}), fmt.Sprintf("%s/%d", task.Dir, i)
		running.Go(func() {
			for _, err := range client.Watch(ctx, key) {
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	tell(t, task.Count)
	asked()
}
