package etcd

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// While a loop is slow, its watch may neither poll nor have a feed. A cluster that was made anew meanwhile has the same ID,
// and may have passed the index that the watch has come to.
func TestWatchOfASlowLoopNoticesAnotherHistory(t *testing.T) {
	endFeed := func(e *fakeEtcd) { // it does not pay, because nobody wants what it brings
		for range 6 {
			for range 200 {
				e.set("/d/k/below")
			}
			<-time.After(time.Second)
		}
	}
	for name, test := range map[string]struct {
		begin WatchOption
		slow  int // events before the loop is slow
		then  func(*fakeEtcd)
	}{
		"after the present content": {WithCurrent(), 1, func(*fakeEtcd) {}},
		"between polls and a feed":  {fromStart(), 1, func(*fakeEtcd) {}},
		"between a feed and polls":  {WithCurrent(), 2, func(e *fakeEtcd) { e.set("/d/k"); endFeed(e) }},
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
						test.then(e)
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
