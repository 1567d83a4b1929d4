package scale_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	v2 "go.etcd.io/etcd/client/v2"
)

// A server may open 1,024 files. Many watches of one client follow the same busy directory, or one of fifty below
// it, while another client reads.
func TestBursts(t *testing.T) {
	if !full() {
		t.Parallel()
	}
	counts, layouts := []int{10}, []int{2}
	if full() {
		counts, layouts = []int{50, 150, 500}, []int{1, 50}
	}
	for _, version := range versions() {
		for _, watches := range counts {
			for _, dirs := range layouts {
				t.Run(fmt.Sprintf("%s/%d watches of %d directories", version, watches, dirs), func(t *testing.T) {
					compareBursts(t, version, watches, dirs)
				})
			}
		}
	}
}

func compareBursts(t *testing.T, version etcdtest.Version, watches, dirs int) {
	bursts := size(1, 5) // so that there are enough reads for a percentile
	alone := newBurst(t, version, ours, 0, dirs).run(t, bursts)
	got := newBurst(t, version, ours, watches, dirs).run(t, bursts)
	peer := newBurst(t, version, official, watches, dirs).run(t, 1) // it may take minutes
	t.Logf("scale: without watches: %s", alone)
	t.Logf("scale: %s: %s", ours, got)
	t.Logf("scale: %s: %s", official, peer)
	atMost(t, "events missing", float64(got.missing), 0)
	if peer.missing == 0 {
		atMost(t, "time until the last event, in ones of client/v2", float64(got.took)/float64(peer.took), 1.05)
	}
	atMost(t, "reads of another client that failed", float64(got.failed), 0)
	atMost(t, "p99 of another client's reads, in ones of that before", float64(got.during.at(99))/float64(got.before.at(99)), 3)
}

// burst is a number of watches before writes.
type burst struct {
	endpoint string
	dirs     int
	each     int64 // watches of each directory
	seen     atomic.Int64
	last     atomic.Int64 // when the last event came
	ended    atomic.Int64 // watches that have failed
}

// outcome is what a burst came to.
type outcome struct {
	missing        int64
	ended          int64         // watches that have failed
	took           time.Duration // of the longest burst
	before, during durations     // of another client's reads
	failed         int64
}

func (o outcome) String() string {
	return fmt.Sprintf("%d events missing, %d watches failed, the last event after %v; another client's reads: %d failed, %s; before: %s",
		o.missing, o.ended, o.took.Round(time.Millisecond), o.failed, o.during, o.before)
}

// newBurst begins the watches on a server of their own, and returns when each has had an event.
func newBurst(t *testing.T, version etcdtest.Version, library string, watches, dirs int) *burst {
	t.Helper()
	cluster := etcdtest.Start(t, etcdtest.WithBinary(limited(t, version, 1024)))
	b := &burst{endpoint: cluster.Endpoints()[0], dirs: dirs, each: int64(watches / dirs)}
	writing := live.Client(t, b.endpoint)
	begin := live.Must[*etcd.Response](t)(writing.Set(t.Context(), "/begin", ""))
	watch := b.watchOf(t, library, begin.Index)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	for i := range watches {
		running.Go(func() {
			if err := watch(ctx, b.dir(i)); ctx.Err() == nil {
				t.Logf("a watch of %s: %v", library, err)
				b.ended.Add(1)
			}
		})
	}
	for i := range dirs {
		live.Must[*etcd.Response](t)(writing.Set(t.Context(), b.dir(i)+"/begin", ""))
	}
	live.Eventually(t, "each watch has had an event", func() bool { return b.seen.Load() >= int64(watches) })
	return b
}

func (b *burst) dir(i int) string { return fmt.Sprintf("/burst/d%02d", i%b.dirs) }

// watchOf returns a function that watches a directory until ctx ends or the watch fails.
func (b *burst) watchOf(t *testing.T, library string, after uint64) func(ctx context.Context, dir string) error {
	t.Helper()
	seen := func() { b.last.Store(time.Now().UnixNano()); b.seen.Add(1) }
	if library == official {
		keys := officialKeys(t, b.endpoint)
		return func(ctx context.Context, dir string) error {
			watcher := keys.Watcher(dir, &v2.WatcherOptions{Recursive: true, AfterIndex: after})
			for {
				if _, err := watcher.Next(ctx); err != nil {
					return err
				}
				seen()
			}
		}
	}
	client := live.Client(t, b.endpoint)
	return func(ctx context.Context, dir string) error {
		for _, err := range client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithAfterIndex(after)) {
			if err != nil {
				return err
			}
			seen()
		}
		return errors.New("the watch has ended")
	}
}

// run makes bursts one after another.
func (b *burst) run(t *testing.T, bursts int) (o outcome) {
	t.Helper()
	reads := start(t, task{Work: "reads", Endpoint: b.endpoint})
	for range bursts {
		ask[someReads](t, reads) // those that the last burst has delayed
		var before, during someReads
		live.Eventually(t, "some are before the burst", func() bool {
			return before.add(ask[someReads](t, reads)) >= size(20, 200)
		})
		took, missing := b.once(t)
		live.Eventually(t, "a read is among the burst", func() bool { return during.add(ask[someReads](t, reads)) > 0 })
		o.before, o.during = append(o.before, before.Took...), append(o.during, during.Took...)
		o.took, o.missing, o.failed = max(o.took, took), o.missing+missing, o.failed+before.Failed+during.Failed
	}
	reads.end()
	o.before.sorted()
	o.during.sorted()
	o.ended = b.ended.Load()
	return o
}

// once writes 400 times in half a second, and waits for the events, until none has come for a while.
func (b *burst) once(t *testing.T) (took time.Duration, missing int64) {
	t.Helper()
	const rate = 800
	writes := int64(size(40, 400))
	patience := int64(size(1, 10)) * int64(time.Second)
	began, base := time.Now(), b.seen.Load()
	b.last.Store(began.UnixNano())
	written := begin(t, b.endpoint, rate, func(i int64) string { return fmt.Sprintf("%s/%d", b.dir(int(i)), i%8) })
	live.Eventually(t, "the writes are made", func() bool { return written.written.Load() >= writes })
	written.end()
	want := written.written.Load() * b.each
	for b.seen.Load()-base < want && time.Now().UnixNano()-b.last.Load() < patience {
		until(t.Context(), time.Now().Add(time.Millisecond))
	}
	return time.Unix(0, b.last.Load()).Sub(began), want - (b.seen.Load() - base)
}

// limited returns a program that runs the server with a limit of open files.
func limited(t *testing.T, version etcdtest.Version, files int) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "etcd")
	text := fmt.Sprintf("#!/bin/sh\nulimit -n %d\nexec '%s' \"$@\"\n", files, etcdtest.Build(t, version))
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}
