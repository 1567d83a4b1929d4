package etcd

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// skip lets m receive a snapshot with what happens, and with 6,000 entries of the log that are no changes.
func (m *fakeMember) skip(happens func()) {
	m.change(func() { m.stopped = true })
	happens()
	m.entries.Add(6000)
	m.thaw(true)
}

// A snapshot that hides few changes hides thousands of entries of the log. An event that comes after it may not be the
// first one.
func TestWatchNoticesASnapshotThatHidesFewChanges(t *testing.T) {
	for hidden, want := range map[string][]string{
		"/d/k":   {"set /d/k@1", "set /d/k@2", "set /d/k@5", "etcd: watch /d ended"},
		"/other": {"set /d/k@1", "set /d/k@2", "set /d/k@5", "set /d/k@6"},
	} {
		for name, config := range map[string]Config{"alone": {WatchPolls: -1}, "shared": {WatchPolls: 1}} {
			t.Run(hidden+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					e := fakes(t, 1)
					m := e.members[0]
					w := startWatch(t, e.connect(t, config), "/d", WithRecursive(), fromStart())
					synctest.Wait()
					e.set("/d/k")
					synctest.Wait()
					e.set("/d/k")
					synctest.Wait()
					m.skip(func() {
						e.set(hidden)
						e.set("/other")
					})
					e.set("/d/k")
					<-time.After(time.Minute)
					e.set("/d/k")
					got := w.take(t, 4)
					if len(got) == 4 && strings.HasPrefix(got[3], want[3]) {
						got[3] = want[3]
					}
					check(t, "events", got, want)
					w.cancel()
				})
			})
		}
	}
}
