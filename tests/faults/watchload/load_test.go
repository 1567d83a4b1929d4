package watchload_test

import (
	"context"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

const dir = "/load"

// What the figures are of: so many reads one after the other, and so many events for all watches.
func size(t *testing.T) (watches, reads, events int) {
	text := os.Getenv("WATCH_LOAD")
	if text == "" {
		return 20, 100, 2
	}
	return live.Must[int](t)(strconv.Atoi(text)), 5000, 10
}

// Many watches of one directory on one client, quiet at first and then all told of each event.
func TestWatchLoad(t *testing.T) {
	for _, version := range live.Kinds(t) {
		t.Run(string(version), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
			watches, reads, events := size(t)
			l := newLoad(t, cluster.Endpoints()[0])
			without := l.read(t, reads)
			before := footprint(t)
			l.watch(t, watches)
			settle(t)
			l.report("%d watches: %s", watches, footprint(t).since(before, watches))
			with := l.read(t, reads)
			l.report("GET without watches: %s", without)
			l.report("GET beside %d quiet watches: %s, %s", watches, with, with.ratio(without))
			l.events(t, events, without)
		})
	}
}

// load is a client, its watches, and one client beside it that writes.
type load struct {
	t       *testing.T
	client  *etcd.Client
	writing *etcd.Client
	set     *etcd.Response // the first write
	watches int
	seen    atomic.Int64 // events by all watches
	lastAt  atomic.Int64 // when the last came, in nanoseconds
}

func newLoad(t *testing.T, endpoint string) *load {
	t.Helper()
	l := &load{t: t, client: live.Client(t, endpoint), writing: live.Client(t, endpoint)}
	l.set = live.Must[*etcd.Response](t)(l.writing.Set(t.Context(), dir+"/key", "0"))
	return l
}

func (l *load) report(format string, args ...any) {
	l.t.Helper()
	l.t.Logf("watchload: "+format, args...)
}

// watch begins so many watches, which end with the test.
func (l *load) watch(t *testing.T, watches int) {
	t.Helper()
	l.watches = watches
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range watches {
		running.Go(func() { l.follow(ctx) })
	}
	t.Cleanup(func() { stop(); running.Wait() })
}

func (l *load) follow(ctx context.Context) {
	for _, err := range l.client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithAfterIndex(l.set.Index)) {
		if err != nil {
			if ctx.Err() == nil {
				l.t.Error(err)
			}
			return
		}
		l.lastAt.Store(time.Now().UnixNano())
		l.seen.Add(1)
	}
}

// read reads one after the other.
func (l *load) read(t *testing.T, reads int) (took durations) {
	t.Helper()
	for range reads {
		took = append(took, l.readOnce(t))
	}
	return took.sorted()
}

func (l *load) readOnce(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	live.Must[*etcd.Response](t)(l.client.Get(t.Context(), dir+"/key"))
	return time.Since(began)
}

// events makes events one after the other, and reads on this client for as long as it takes until
// all watches have one.
func (l *load) events(t *testing.T, events int, without durations) {
	t.Helper()
	var all, reads durations
	for range events {
		target := l.seen.Load() + int64(l.watches)
		began := time.Now()
		live.Must[*etcd.Response](t)(l.writing.Set(t.Context(), dir+"/key", "1"))
		live.Eventually(t, "all watches have the event", func() bool {
			reads = append(reads, l.readOnce(t))
			return l.seen.Load() >= target || t.Failed()
		})
		all = append(all, time.Unix(0, l.lastAt.Load()).Sub(began))
		settle(t)
	}
	busy := reads.sorted()
	l.report("one event to all %d, %d times: %s until all have it", l.watches, events, all.sorted())
	l.report("GET meanwhile, %d of them: %s, %s", len(busy), busy, busy.ratio(without))
}
