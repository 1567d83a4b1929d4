package etcd

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/feed"
)

// While a loop is slow, its watch may neither poll nor have a feed. A cluster that was made anew meanwhile has the same ID,
// and may have passed the index that the watch has come to.
func TestWatchOfASlowLoopNoticesAnotherHistory(t *testing.T) {
	endFeed := func(e *fakeEtcd, hub *feed.Hub) {
		e.set("/d/k")
		for range 6 {
			for range 200 { // nobody wants that, so the feed does not pay
				e.set("/d/k/below")
			}
			<-time.After(time.Second)
		}
		hub.Limit = -1 // no other feed
	}
	for name, test := range map[string]struct {
		begin WatchOption
		slow  int // events before the loop is slow
		then  func(*fakeEtcd, *feed.Hub)
	}{
		"after the present content": {WithCurrent(), 1, func(*fakeEtcd, *feed.Hub) {}},
		"between polls and a feed":  {fromStart(), 1, func(*fakeEtcd, *feed.Hub) {}},
		"between a feed and polls":  {WithCurrent(), 2, endFeed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakes(t, 1)
				e.fill(9)
				e.set("/d/k")
				client := e.connect(t, Config{})
				client.hub.Limit = 0 // every watch is to be served by a feed
				other := startWatch(t, client, "/d/k")
				defer other.cancel()
				<-time.After(time.Second)
				time.AfterFunc(10*time.Second, func() { e.set("/d/k") })
				events, last := 0, 0
				var end error
				for event, err := range client.Watch(t.Context(), "/d/k", test.begin) {
					if err != nil {
						end = err
						break
					}
					if events++; events == test.slow {
						<-time.After(time.Second)
						test.then(e, client.hub)
						last = len(e.log)
						e.wipe(func() { e.fill(last + 20); e.set("/d/k") })
						<-time.After(time.Second)
					} else if events > test.slow && int(event.Index) > last {
						end = errors.New("an event of the other history")
						break
					}
				}
				checkIs(t, end, ErrClusterRolledBack)
			})
		})
	}
}

// A feed that knows nothing of its history recognizes it by what a watch knows that has joined it.
func TestFeedRecognizesTheHistoryByWhatItsWatchesKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(9)
		e.set("/d/k")
		client := e.connect(t, Config{})
		client.hub.Limit = 1 // two watches have a feed
		for _, key := range []string{"/d/a", "/d/b"} {
			defer startWatch(t, client, key).cancel()
		}
		<-time.After(time.Second)
		second := startWatch(t, client, "/d/k", WithCurrent())
		second.take(t, 1)
		<-time.After(10 * time.Second)
		e.wipe(func() { e.fill(20); e.set("/d/k") })
		e.set("/d/k")
		if end := strings.Join(second.take(t, 1), ""); !strings.Contains(end, errs.Bare(ErrClusterRolledBack).Error()) {
			t.Errorf("it ended with %q", end)
		}
	})
}

// What a watch has passed over tells histories apart, too.
func TestWatchRecognizesTheHistoryByWhatItHasPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.fill(9)
		e.set("/d/k")
		e.set("/d/_hidden") // which a server finds in its history
		w := startWatch(t, e.connect(t, Config{}), "/d", WithRecursive(), fromStart())
		check(t, "events", w.take(t, 1), sets("/d/k", 10, 10))
		synctest.Wait()
		e.wipe(func() { e.fill(9); e.set("/d/k"); e.set("/d/missed"); e.set("/d/k") })
		if end := strings.Join(w.take(t, 1), ""); !strings.Contains(end, errs.Bare(ErrClusterRolledBack).Error()) {
			t.Errorf("it ended with %q", end)
		}
	})
}

// A program may begin to watch long after its read.
func TestWatchAfterAnAnswerOfLongAgoNoticesAnotherHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := fakes(t, 1)
		e.term.Store(2)
		e.fill(9)
		e.set("/d/k")
		client := e.connect(t, Config{})
		read, err := client.Get(t.Context(), "/d/k")
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		e.term.Store(3)
		e.wipe(func() { e.fill(20); e.set("/d/k") })
		_, err = client.WatchOnce(t.Context(), "/d/k", WithAfterResponse(read))
		checkIs(t, err, ErrClusterRolledBack)
	})
}
