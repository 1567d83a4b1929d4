package storm_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// size is how many runs there are, of how many sets by each of 64 writers.
func size(t *testing.T) (runs, sets int) {
	text := os.Getenv("STORM_RUNS")
	if text == "" {
		return 1, 50
	}
	return live.Must[int](t)(strconv.Atoi(text)), 200
}

// most is how many events the watch may be behind where the writers hold: all are still remembered.
const most = 800

// All that 64 writers can do below one directory reaches a watch of it, in order and once. A single
// run shares the cores with other tests, which can take them all away from the watch for as
// long as the server remembers: there the writers hold when the watch is far behind.
func TestStorm(t *testing.T) {
	each(t, func(t *testing.T, version etcdtest.Version, endpoint string) {
		runs, sets := size(t)
		for run := range runs {
			s := newStorm(t, endpoint, fmt.Sprintf("/ours-%d", run), sets)
			s.watch = witness.Watch(t, live.Client(t, endpoint), s.flood.Dir, s.start)
			if os.Getenv("STORM_RUNS") == "" {
				s.flood.Hold = s.hold
			}
			err := s.run(t, version, "this library")
			if err := errors.Join(err, s.check()); err != nil {
				t.Errorf("run %d: %v", run, err)
			}
			if os.Getenv("STORM_PEERS") == "" {
				continue
			}
			// Not at the same time, or each would take the other's share of the cores.
			s = newStorm(t, endpoint, fmt.Sprintf("/official-%d", run), sets)
			s.watch = witness.Range(t, s.official(t, endpoint))
			_ = s.run(t, version, "client/v2") // only shown
		}
	})
}

// storm is one run: a flood below a directory, and a watch of that begun before.
type storm struct {
	flood  *witness.Flood
	ledger *witness.Ledger
	watch  *witness.Witness
	start  uint64 // the index to watch behind
}

func newStorm(t *testing.T, endpoint, dir string, sets int) *storm {
	created := live.Must[*etcd.Response](t)(live.Client(t, endpoint).CreateDir(t.Context(), dir))
	ledger := &witness.Ledger{}
	flood := &witness.Flood{Endpoint: endpoint, Dir: dir, Writers: 64, Sets: sets, Ledger: ledger}
	flood.NetHTTP = os.Getenv("STORM_WRITERS") == "net/http"
	return &storm{flood: flood, ledger: ledger, start: created.Index}
}

// hold returns when the watch is not far behind, or has ended.
func (s *storm) hold() {
	behind := func() bool { return s.flood.Done()-len(s.watch.Events()) > most && s.watch.Err() == nil }
	if !behind() {
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for behind() {
		<-tick.C
	}
}

// run floods the directory, waits for the watch to deliver the last event, and tells how that went.
func (s *storm) run(t *testing.T, version etcdtest.Version, who string) error {
	began := time.Now()
	if err := s.flood.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(began)
	// A flood is read in far less than this, and a watcher gone silent stays so.
	err := s.watch.AwaitWithin(s.ledger.Last(), 10*time.Second)
	s.watch.Stop()
	delivered := s.watch.Events()
	var last time.Duration
	if arrived := s.watch.Arrived(); len(arrived) > 0 {
		last = arrived[len(arrived)-1].Sub(began)
	}
	t.Logf("storm: etcd %-6s %-12s delivered %5d of %d, written in %v, last delivered after %v, %s", version, who,
		len(delivered), s.flood.Total(), wrote.Round(time.Millisecond), last.Round(time.Millisecond), outcome(err))
	return err
}

func outcome(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// check compares what was delivered with what was written.
func (s *storm) check() error {
	events := s.watch.Events()
	if len(events) != s.flood.Total() {
		return errors.Join(fmt.Errorf("delivered %d of %d", len(events), s.flood.Total()), s.ledger.Check(events))
	}
	return s.ledger.Check(events)
}

// official makes the official client's watcher look like a watch of ours.
func (s *storm) official(t *testing.T, endpoint string) func(context.Context) iter.Seq2[*etcd.Response, error] {
	client, err := clientv2.New(clientv2.Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(clientv2.DefaultTransport.(interface{ CloseIdleConnections() }).CloseIdleConnections)
	watcher := clientv2.NewKeysAPI(client).Watcher(s.flood.Dir, &clientv2.WatcherOptions{AfterIndex: s.start, Recursive: true})
	return func(ctx context.Context) iter.Seq2[*etcd.Response, error] {
		return func(yield func(*etcd.Response, error) bool) {
			for {
				resp, err := watcher.Next(ctx)
				if err != nil {
					yield(nil, err)
					return
				}
				node := &etcd.Node{Key: resp.Node.Key, Value: resp.Node.Value, ModifiedIndex: resp.Node.ModifiedIndex}
				if !yield(&etcd.Response{Node: node, Index: node.ModifiedIndex}, nil) {
					return
				}
			}
		}
	}
}
