package etcd

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// moving lets other keys of the store move, n of them per second, until ctx ends.
func moving(ctx context.Context, e *fakeEtcd, n int) {
	for ctx.Err() == nil {
		e.fill(n / 10)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// A watch of a key that never changes stays inside the history that the other keys use up.
func TestQuietWatchKeepsUpWithABusyServer(t *testing.T) {
	for name, rate := range map[string]int{"slow": 10, "fast": 300, "so fast that polls cannot be renewed in time": 2000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				moving(ctx, e, rate)
				m := e.members[0]
				if n := len(m.got("GET /v2/keys/d")); n < 2 || n > 100 {
					t.Errorf("%d polls in a minute", n)
				}
				index := e.set("/d/k")
				check(t, "events", w.take(t, 1), sets("/d/k", index, index))
				w.end(t)
			})
		})
	}
}

// The old poll has looked on all the time: that the history is gone means no loss.
func TestPollIsHandedOverWhenTheHistoryHasMovedOn(t *testing.T) {
	for name, change := range map[string]time.Duration{
		"the key changes at once": 0, "when a new poll is tried": 5500 * time.Millisecond, "while both are open": 7 * time.Second, "later": time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				r := &recorder{}
				w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
				synctest.Wait()
				e.fill(1500)
				<-time.After(change)
				index := e.set("/d/k")
				check(t, "events", w.take(t, 1), sets("/d/k", index, index))
				synctest.Wait() // for the next poll
				e.fill(1500)
				<-time.After(2 * time.Minute)
				index = e.set("/d/k")
				check(t, "later events", w.take(t, 1), sets("/d/k", index, index))
				w.end(t)
				check(t, "faults told of", r.count(reopened), 0)
			})
		})
	}
}

// As long as both are open the old one is needed.
func TestPollThatBreaksBeforeItIsHandedOverIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		synctest.Wait()
		e.fill(1500)
		<-time.After(6 * time.Second)
		e.members[0].hangUp()
		end := w.take(t, 1)[0]
		if !strings.HasPrefix(end, "etcd: watch /d ended after index 0: ") || !strings.Contains(end, "code 401") {
			t.Errorf("it ended with %s", end)
		}
	})
}

// Where nothing changes at all a poll lasts as long as it may.
func TestQuietPollIsRenewedAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began []time.Time
		w := watching(t)
		w.replies = []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			began = append(began, time.Now())
			silent(4)(w, r)
		}}
		w.client = w.net.connect(t, Config{Endpoints: []string{"http://a"}, PollTimeout: time.Hour, PulseInterval: -1})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
		defer cancel()
		checkIs(t, w.end(t, ctx, WithAfterIndex(4)), context.DeadlineExceeded)
		for i := 2; i < len(began); i++ { // with the second it is learned that nothing moves
			if length := began[i].Sub(began[i-1]); length < 53*time.Minute || length > time.Hour {
				t.Errorf("poll %d took %v", i, length)
			}
		}
		if len(began) < 6 {
			t.Errorf("%d polls in five hours", len(began))
		}
	})
}

// How far it has come is worth knowing to who goes on from there, although there was no event.
func TestWatchTellsItsProgressAndItsSignsOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(700)
		w, err := newWatch(e.connect(t, Config{}), "/d", []WatchOption{WithRecursive(), WithAfterIndex(100)})
		if err != nil {
			t.Fatal(err)
		}
		var reached []uint64
		var alive atomic.Int64
		w.progress = func(index uint64) { reached = append(reached, index) }
		w.pulse = func() { alive.Add(1) }
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err = w.run(ctx, func(*Response) error { return errors.New("an event") })
		checkEnded(t, ctx, err)
		check(t, "progress", reached, []uint64{700})
		if n := alive.Load(); n < 8 || n > 15 {
			t.Errorf("%d signs of life in 10 s", n)
		}
	})
}

// Behind a proxy that holds headers back a poll shows nothing until there is an event.
func TestWatchThroughAProxyThatHoldsHeadersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.members[0].proxy = whenComplete
		r := &recorder{}
		w := startWatch(t, e.connect(t, Config{Observer: r}), "/d", WithRecursive(), fromStart())
		for range 3 {
			<-time.After(2 * time.Minute)
			index := e.set("/d/k")
			check(t, "events", w.take(t, 1), sets("/d/k", index, index))
		}
		w.end(t)
		check(t, "faults told of", r.count(reopened), 0)
	})
}
