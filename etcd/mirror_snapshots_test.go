package etcd

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// There is a snapshot of what there is, and one behind each burst of changes.
func TestSnapshotsFollowBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.set("/d/k")
		m, err := e.connect(t, Config{}).Mirror(t.Context(), "/d")
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		ctx, cancel := context.WithCancel(t.Context())
		var indexes []uint64
		var last error
		done := make(chan struct{})
		go func() {
			defer close(done)
			for snapshot, err := range m.Snapshots(ctx) {
				if last = err; err == nil {
					indexes = append(indexes, snapshot.Index)
				}
			}
		}()
		synctest.Wait()
		for range 10 { // a burst
			e.set("/d/k")
		}
		<-time.After(time.Second)
		synctest.Wait()
		check(t, "indexes", indexes, []uint64{1, 11})
		for range 50 { // one that lasts for 200 ms
			e.set("/d/k")
			<-time.After(4 * time.Millisecond)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if n := len(indexes); n < 4 || n > 6 || indexes[n-1] != 61 {
			t.Errorf("indexes %v, want some up to 61", indexes)
		}
		before := len(indexes)
		e.set("/other") // not in the mirror
		<-time.After(2 * time.Minute)
		synctest.Wait()
		check(t, "snapshots without a change", len(indexes)-before, 0)
		cancel()
		<-done
		checkIs(t, last, context.Canceled)
	})
}

func TestSnapshotsEndWithTheMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(1)
		m, err := e.connect(t, Config{}).Mirror(t.Context(), "/d")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for snapshot, err := range m.Snapshots(t.Context()) {
			switch n++; {
			case n == 1:
				check(t, "first", snapshot.Node == nil && err == nil, true)
				m.Close()
			case !errors.Is(err, ErrClosed):
				t.Errorf("it ended with %v", err)
			}
		}
		check(t, "pairs", n, 2)
	})
}
