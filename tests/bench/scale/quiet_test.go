package scale_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// Many quiet watches of one client, each of a key of its own below one directory, and then a write to each of
// some of the keys.
func TestQuietWatches(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		g, watches := newGauge(t, endpoint), size(100, 10_000)
		client, writing := live.Client(t, g.url), live.Client(t, endpoint)
		alone := oneLatency(t, endpoint, size(20, 300))
		before := footprint()
		q := newQuiet(t, client, watches)
		g.settle(t, 8)
		now := footprint()
		atMost(t, "connections", float64(g.open.Load()), 8)
		atMost(t, "bytes a watch", float64(now-before)/float64(watches), 8<<10)
		g.reset()
		waited := observe(t, 60)
		atMost(t, "requests a second", g.rate(waited), 5)

		var latency durations
		for i := range size(50, 1000) {
			latency = append(latency, q.write(t, writing, rand.IntN(watches), i))
		}
		q.check(t)
		t.Logf("scale: %d watches, latency %s; of one watch %s", watches, latency.sorted(), alone)
		atMost(t, "median latency, in ones of a single watch", float64(latency.at(50))/float64(alone.at(50)), 3)
		atMost(t, "connections at the end", float64(g.open.Load()), 8)
	})
}

// quiet is a number of watches, of which each has a key of its own.
type quiet struct {
	seen  []atomic.Int64 // events of each watch
	last  []atomic.Uint64
	at    chan time.Time // when the last event came
	wrote map[int]int64
	order atomic.Int64 // events that came out of order
}

func key(i int) string { return fmt.Sprintf("/quiet/k%05d", i) }

// newQuiet begins the watches, which end with the test.
func newQuiet(t *testing.T, client *etcd.Client, watches int) *quiet {
	t.Helper()
	q := &quiet{
		seen: make([]atomic.Int64, watches), last: make([]atomic.Uint64, watches),
		at: make(chan time.Time, 1), wrote: map[int]int64{},
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	live.Must[*etcd.Response](t)(client.Set(t.Context(), "/quiet/begin", ""))
	for i := range watches {
		running.Go(func() {
			for event, err := range client.Watch(ctx, key(i)) {
				if err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				if event.Node.Key != key(i) || event.Index <= q.last[i].Swap(event.Index) {
					q.order.Add(1)
				}
				q.seen[i].Add(1)
				select {
				case q.at <- time.Now():
				case <-ctx.Done(): // another measurement has written the key
				}
			}
		})
	}
	t.Cleanup(func() { stop(); running.Wait() })
	return q
}

// write writes a key, and returns after what time its watch had the event.
func (q *quiet) write(t *testing.T, client *etcd.Client, i, value int) time.Duration {
	t.Helper()
	began := time.Now()
	live.Must[*etcd.Response](t)(client.Set(t.Context(), key(i), fmt.Sprint(value)))
	q.wrote[i]++
	select {
	case at := <-q.at:
		return at.Sub(began)
	case <-time.After(30 * time.Second):
		t.Fatalf("no event of %s", key(i))
		return 0
	}
}

// check expects each watch to have had each event of its key once, and in order.
func (q *quiet) check(t *testing.T) {
	t.Helper()
	for i := range q.seen {
		if got := q.seen[i].Load(); got != q.wrote[i] {
			t.Errorf("%d events of %s, want %d", got, key(i), q.wrote[i])
		}
	}
	if n := q.order.Load(); n > 0 {
		t.Errorf("%d events out of order", n)
	}
}

// oneLatency returns how long the events of a single watch of a client take.
func oneLatency(t *testing.T, endpoint string, events int) durations {
	t.Helper()
	g, writing := newGauge(t, endpoint), live.Client(t, endpoint)
	q := newQuiet(t, live.Client(t, g.url), 1)
	g.settle(t, 8)
	var took durations
	q.write(t, writing, 0, 0)
	for i := range events {
		took = append(took, q.write(t, writing, 0, i))
	}
	return took.sorted()
}
