package etcd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// large is an event of a size that some of fit, and one more does not.
func large(index uint64) *Response {
	value := strings.Repeat("v", mostAhead/4)
	return &Response{Node: aFile("/d/k", value, index, index), Index: index}
}

func TestReadaheadIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReadahead()
		pushed := 0
		go func() {
			for index := range uint64(10) {
				_ = r.push(large(index)) // it never refuses
				pushed++
			}
			r.end(errEnough)
		}()
		synctest.Wait()
		check(t, "pushed before any is taken", pushed, 3)
		for index := range uint64(10) {
			event, err := r.pop(t.Context())
			if err != nil || event.Index != index {
				t.Fatalf("got %v, %v, want %d", event, err, index)
			}
			synctest.Wait()
			check(t, "pushed", pushed, min(10, 4+int(index)))
		}
		for range 2 {
			_, err := r.pop(t.Context())
			check(t, "at the end", err, errEnough)
		}
		check(t, "bytes that count still", r.size, 0)
	})
}

// An event larger than all that may be read ahead comes through all the same.
func TestReadaheadTakesOneEventOfAnySize(t *testing.T) {
	r := newReadahead()
	value := strings.Repeat("v", mostAhead+1)
	check(t, "taken", r.add(&Response{Node: aFile("/k", value, 1, 1)}, mostAhead+1), true)
	check(t, "a second", r.add(&Response{Node: aFile("/k", "", 1, 1)}, 1), false)
}

func TestReadaheadIsDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReadahead()
		go func() {
			for index := range uint64(10) {
				_ = r.push(large(index))
			}
			r.end(nil)
		}()
		synctest.Wait()
		r.drain()
		check(t, "left", len(r.events), 0)
	})
}

func TestReadaheadEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReadahead()
		_ = r.push(large(1))
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("changed my mind")
		go func() {
			synctest.Wait()
			cancel(cause)
		}()
		if event, err := r.pop(ctx); event == nil || err != nil {
			t.Errorf("got %v, %v", event, err)
		}
		_, err := r.pop(ctx)
		check(t, "while it waits", err, cause)
		_ = r.push(large(2))
		_, err = r.pop(ctx)
		check(t, "with events left", err, cause)
	})
}

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
		for event, err := range client.Watch(t.Context(), "/d", WithRecursive(), WithAfterIndex(0)) {
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
