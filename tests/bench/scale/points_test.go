package scale_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// kind is how watches are made, with the name that it has in tables.
type kind struct {
	name, library string
	polls         int // Config.WatchPolls
	most          int // watches that are measured, because each has a connection
}

var kinds = []kind{
	{name: ours, library: ours, most: 10_000},
	{name: "not shared", library: ours, polls: -1, most: 1000},
	{name: official, library: official, most: 1000},
}

// measured returns the kinds that are measured.
func measured() []kind { return kinds[:size(1, len(kinds))] }

// TestCosts measures the points of the plots in docs/scale.md.
func TestCosts(t *testing.T) {
	if !full() {
		t.Parallel()
	}
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)))
	publish(t, costsByWatches(t, cluster.Endpoints()[0]))
	publish(t, costsByWrites(t, cluster.Endpoints()[0]))
	publish(t, costsByLocks(t, cluster.Endpoints()[0]))
}

// costsByWatches returns what quiet watches cost while there are writes elsewhere.
func costsByWatches(t *testing.T, endpoint string) []figures {
	t.Helper()
	counts := []int{10}
	if full() {
		counts = []int{1, 10, 100, 1000, 10_000}
	}
	columns := []string{}
	for _, kind := range measured() {
		columns = append(columns, kind.name)
	}
	requests, cpu := newFigures("watches: requests/s", columns...), newFigures("watches: % of a processor", columns...)
	connections, memory := newFigures("watches: connections", columns...), newFigures("watches: KiB a watch", columns...)
	for _, count := range counts {
		var spent []expense
		for _, kind := range measured() {
			if count > kind.most {
				continue
			}
			spent = append(spent, costOf(t, endpoint, kind, count, 1000, func(string, int64) string { return elsewhere(0) }))
		}
		requests.add(count, spent, (*expense).rate)
		cpu.add(count, spent, func(e *expense) float64 { return 100 * e.busy() })
		connections.add(count, spent, func(e *expense) float64 { return float64(e.connections) })
		memory.add(count, spent, func(e *expense) float64 { return float64(e.bytes) / float64(count) / 1024 })
	}
	return []figures{requests, cpu, connections, memory}
}

// costsByWrites returns what watches cost while their keys are written.
func costsByWrites(t *testing.T, endpoint string) []figures {
	t.Helper()
	watches, rates := size(10, 100), []int{100}
	if full() {
		rates = []int{1, 10, 100, 1000}
	}
	columns := []string{}
	for _, kind := range measured() {
		columns = append(columns, kind.name)
	}
	requests, cpu := newFigures("writes/s: requests/s", columns...), newFigures("writes/s: % of a processor", columns...)
	for _, rate := range rates {
		var spent []expense
		for _, kind := range measured() {
			spent = append(spent, costOf(t, endpoint, kind, watches, rate, func(dir string, i int64) string {
				return fmt.Sprintf("%s/k%05d", dir, i%int64(watches))
			}))
		}
		requests.add(rate, spent, (*expense).rate)
		cpu.add(rate, spent, func(e *expense) float64 { return 100 * e.busy() })
	}
	return []figures{requests, cpu}
}

// costOf returns what watches of a kind cost while there are writes.
func costOf(t *testing.T, endpoint string, kind kind, count, rate int, key func(dir string, i int64) string) expense {
	t.Helper()
	g := newGauge(t, endpoint)
	task := task{
		Work: "watches", Library: kind.library, Polls: kind.polls, Endpoint: g.url, Count: count, Dir: "/costs",
	}
	c := start(t, task)
	idle := ask[cost](t, c).Bytes
	g.settle(t, 2*kind.most+8)
	writes := begin(t, endpoint, rate, func(i int64) string { return key(task.Dir, i) })
	observe(t, 1)
	spent := measure(t, g, c, writes, 5)
	t.Logf("scale: %s: %d watches: %s", kind.name, count, &spent)
	writes.end()
	c.end()
	spent.bytes = max(spent.bytes, idle) - idle
	return spent
}

// costsByLocks returns what idle locks cost.
func costsByLocks(t *testing.T, endpoint string) []figures {
	t.Helper()
	const ttl, renewal = 30 * time.Second, 10 * time.Second
	counts := []int{10}
	if full() {
		counts = []int{10, 100, 1000}
	}
	columns := []string{ours, "not shared", "renewals needed"}
	requests, connections := newFigures("locks: requests/s", columns...), newFigures("locks: connections", columns[:2]...)
	for _, count := range counts {
		var spent []expense
		for _, kind := range kinds[:2] {
			g := newGauge(t, endpoint)
			client := live.Connect(t, etcd.Config{Endpoints: []string{g.url}, WatchPolls: kind.polls})
			locks, refused := take(t, client, count, 8, ttl)
			if len(refused) > 0 {
				t.Fatal(refused[0])
			}
			observe(t, 10) // until each lock has been renewed
			g.reset()
			took := observe(t, 20)
			spent = append(spent, expense{took: took, requests: g.requests.Load(), connections: g.most.Load()})
			release(locks)
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}
		connections.add(count, spent, func(e *expense) float64 { return float64(e.connections) })
		needed := expense{took: renewal, requests: int64(count)}
		requests.add(count, append(spent, needed), (*expense).rate)
	}
	return []figures{requests, connections}
}
