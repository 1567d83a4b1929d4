package scale_test

import (
	"testing"
)

// A single quiet watch, while others write elsewhere as fast as they can. It is never shared, so it costs the same
// with sharing and without.
func TestQuietWatchOnABusyStore(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		const shared, alone = 0, -1 // Config.WatchPolls
		g := newGauge(t, endpoint)
		watch := map[int]*child{}
		spent := map[int]*expense{shared: {}, alone: {}}
		writes := begin(t, endpoint, size(500, unpaced), elsewhere)
		for range size(1, 5) {
			for _, polls := range []int{shared, alone} {
				watch[polls] = start(t, task{
					Work: "watches", Library: ours, Endpoint: g.url, Dir: "/busy", Count: 1, Polls: polls,
				})
				ask[cost](t, watch[polls])
				observe(t, 1)
				spent[polls].add(measure(t, g, watch[polls], writes, 5))
				watch[polls].end()
			}
		}
		writes.end()
		t.Logf("scale: a quiet watch, shared if there were more: %s", spent[shared])
		t.Logf("scale: a quiet watch, never shared: %s", spent[alone])
		atMost(t, "requests for a write, in ones of that without sharing", spent[shared].requestsPerWrite()/spent[alone].requestsPerWrite(), 1.1)
		atMost(t, "CPU for a write, in ones of that without sharing", spent[shared].cpuPerWrite()/spent[alone].cpuPerWrite(), 1.1)
	})
}

// measure lets seconds pass, and returns what the child has spent in them.
func measure(t *testing.T, g *gauge, c *child, writes *load, seconds int) expense {
	t.Helper()
	before, written := ask[cost](t, c), writes.written.Load()
	g.reset()
	took := observe(t, seconds)
	requests := g.requests.Load()
	written = writes.written.Load() - written
	after := ask[cost](t, c)
	return expense{
		took: took, cpu: after.CPU - before.CPU - before.Asking, requests: requests, writes: written, failed: after.Errors,
		connections: g.most.Load(), bytes: after.Bytes,
	}
}
