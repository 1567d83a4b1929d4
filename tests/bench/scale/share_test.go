package scale_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
)

// When does sharing pay? A number of watches below one directory, all shared or none, while all, half or none of
// the writes are below the directory, to keys that nobody watches. At 300 writes a second a poll is made again
// after some 400 of them, and at 1,000 only after its time.
func TestWhenSharingPays(t *testing.T) {
	onEach(t, func(t *testing.T, endpoint string) {
		counts, rates := []int{2}, []int{300}
		if full() {
			counts, rates = []int{2, 4, 8, 16, 32, 64}, []int{300, 1000}
		}
		for _, rate := range rates {
			table := whenSharingPays(t, endpoint, rate, counts)
			if strings.HasSuffix(t.Name(), string(etcdtest.Etcd35)) {
				publish(t, []figures{table})
			}
		}
	})
}

func whenSharingPays(t *testing.T, endpoint string, rate int, counts []int) figures {
	t.Helper()
	const shared, alone = 1, -1 // Config.WatchPolls
	places := places[:size(1, len(places))]
	columns := []string{}
	for _, place := range places {
		columns = append(columns, place.name+" below, alone", place.name+" below, shared")
	}
	table := newFigures(fmt.Sprintf("sharing at %d writes/s: %% of a processor", rate), columns...)
	for _, count := range counts {
		var spent []expense
		costs := map[int]map[string]expense{}
		for _, polls := range []int{alone, shared} {
			costs[polls] = costsOfWrites(t, endpoint, rate, task{
				Work: "watches", Library: ours, Dir: "/share", Count: count, Polls: polls,
			})
		}
		for _, place := range places {
			a, s := costs[alone][place.name], costs[shared][place.name]
			t.Logf("scale: %d watches, %s of the writes below: alone %s", count, place.name, &a)
			t.Logf("scale: %d watches, %s of the writes below: shared %s; CPU for a write in ones of alone: %.2f",
				count, place.name, &s, s.cpuPerWrite()/a.cpuPerWrite())
			spent = append(spent, a, s)
		}
		table.add(count, spent, func(e *expense) float64 { return 100 * e.busy() })
	}
	return table
}

// place is where writes are.
type place struct {
	name string
	key  func(dir string, i int64) string
}

var places = []place{
	{"none", func(_ string, i int64) string { return elsewhere(i) }},
	{"half", func(dir string, i int64) string {
		if i%2 == 0 {
			return elsewhere(i)
		}
		return unwatched(dir, i)
	}},
	{"all", unwatched},
}

func unwatched(dir string, i int64) string { return fmt.Sprintf("%s/other%d", dir, i%100) }

// costsOfWrites returns what the watches of a task cost while there are writes, by where these are.
func costsOfWrites(t *testing.T, endpoint string, rate int, task task) map[string]expense {
	t.Helper()
	g := newGauge(t, endpoint)
	task.Endpoint = g.url
	c := start(t, task)
	ask[cost](t, c)
	g.settle(t, 2*task.Count+8)
	costs := map[string]expense{}
	for _, place := range places[:size(1, len(places))] {
		writes := begin(t, endpoint, rate, func(i int64) string { return place.key(task.Dir, i) })
		observe(t, 3) // until each poll is one among these writes
		costs[place.name] = measure(t, g, c, writes, 3)
		writes.end()
	}
	c.end()
	return costs
}
