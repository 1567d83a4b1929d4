package storm_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// Others' keys use up the server's history five times over while the watched key changes ten times.
func TestBusyNeighbours(t *testing.T) {
	each(t, func(t *testing.T, _ etcdtest.Version, endpoint string) {
		client := live.Client(t, endpoint)
		before := live.Must[*etcd.Response](t)(client.Set(t.Context(), "/watched", "0"))
		watch := witness.Range(t, watchKey(client, "/watched", before.Index))
		others := neighbours(endpoint, 1000)
		flooded := flood(t.Context(), others)
		ledger := &witness.Ledger{}
		for i := range 10 {
			live.Eventually(t, "the neighbours have written", func() bool { return others.Done() >= 500*i })
			set := live.Must[*etcd.Response](t)(client.Set(t.Context(), "/watched", fmt.Sprint(i+1)))
			ledger.Applied(set.Index, fmt.Sprint(i+1))
		}
		if err := <-flooded; err != nil {
			t.Fatal(err)
		}
		expectAll(t, watch, ledger)
	})
}

// A key that does not change is watched through several polls, each of which sees more of others'
// writes go by than the server remembers. The way to the server must let polls end, as Client.Watch says: no proxy.
func TestQuietKeyBesideBusyNeighbours(t *testing.T) {
	each(t, func(t *testing.T, _ etcdtest.Version, endpoint string) {
		polls := &pollCounter{}
		watching := live.Connect(t, etcd.Config{Endpoints: []string{endpoint}, PollTimeout: 2 * time.Second, Observer: polls})
		writing := live.Client(t, endpoint)
		before := live.Must[*etcd.Response](t)(writing.Set(t.Context(), "/watched", "0"))
		watch := witness.Range(t, watchKey(watching, "/watched", before.Index))
		live.Eventually(t, "a poll has arrived", func() bool { return polls.arrived.Load() > 0 })
		for range 4 {
			seen := polls.arrived.Load()
			if err := neighbours(endpoint, 250).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			live.Eventually(t, "the watch asks anew", func() bool { return polls.arrived.Load() > seen || watch.Err() != nil })
		}
		ledger := &witness.Ledger{}
		ledger.Applied(live.Must[*etcd.Response](t)(writing.Set(t.Context(), "/watched", "1")).Index, "1")
		expectAll(t, watch, ledger)
	})
}

// watchKey returns a watch of one key alone.
func watchKey(client *etcd.Client, key string, index uint64) watchFunc {
	return func(ctx context.Context) events { return client.Watch(ctx, key, etcd.WithAfterIndex(index)) }
}

// neighbours is five writers to keys that nobody watches.
func neighbours(endpoint string, sets int) *witness.Flood {
	return &witness.Flood{Endpoint: endpoint, Dir: "/others", Writers: 5, Sets: sets, Ledger: &witness.Ledger{}}
}

// flood runs f and sends its error.
func flood(ctx context.Context, f *witness.Flood) <-chan error {
	flooded := make(chan error, 1)
	go func() { flooded <- f.Run(ctx) }()
	return flooded
}

// pollCounter counts the polls that have arrived at a member.
type pollCounter struct{ arrived atomic.Int64 }

func (c *pollCounter) Observe(event etcd.Event) {
	if ended, ok := event.(etcd.AttemptEnded); ok && ended.Kind == etcd.KindPoll && ended.Err == nil {
		c.arrived.Add(1)
	}
}

// expectAll fails the test unless the watch delivers all of the ledger.
func expectAll(t *testing.T, watch *witness.Witness, ledger *witness.Ledger) {
	t.Helper()
	if err := watch.Await(ledger.Last()); err != nil {
		t.Error(err)
	}
	if err := ledger.Check(watch.Events()); err != nil {
		t.Error(err)
	}
	t.Logf("delivered %d of %d", len(watch.Events()), ledger.Len())
}
