package etcd

import (
	"strings"
	"testing"
	"testing/synctest"
)

func TestWeightCountsAllThatAnEventHolds(t *testing.T) {
	kilo := strings.Repeat("v", 1<<10)
	plain := weight(&Response{Node: aFile("/k", "", 1, 1)})
	for name, event := range map[string]*Response{
		"value":    {Node: aFile("/k", kilo, 1, 1)},
		"key":      {Node: aFile("/k"+kilo, "", 1, 1)},
		"previous": {Node: aFile("/k", "", 1, 1), PrevNode: aFile("/k", kilo, 1, 1)},
		"children": {Node: aDir("/k", 1, aDir("/k/a", 1, aFile("/k/a/b", kilo, 1, 1)))},
	} {
		if w := weight(event); w < plain+len(kilo) {
			t.Errorf("%s: %d", name, w)
		}
	}
}

// A loop that is busy for long misses nothing, and one that is left lets go of what was read ahead.
func TestWatchReadsAheadOfItsLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		client := e.connect(t, Config{})
		e.set("/d/k")
		n := 0
		for event, err := range client.Watch(t.Context(), "/d", WithRecursive(), fromStart()) {
			if n++; err != nil || event.Index != uint64(n) {
				t.Fatalf("got %v, %v, want %d", event, err, n)
			}
			if n == 1 {
				floods["steadily"](e, 3000) // more than the history holds
			}
			if n == 2500 {
				break
			}
		}
		synctest.Wait()
		check(t, "requests that wait", e.members[0].open(), 0)
	})
}
