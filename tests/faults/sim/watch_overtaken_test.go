package sim

import (
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// TestWatchOvertaken: a member that stops for a moment gets a snapshot, which hides thousands of changes or, if the others
// were mostly reading, a few. Watches that wait there notice it. There are no other faults, so the history still has the
// next events, or a watch ends.
func TestWatchOvertaken(t *testing.T) {
	options := Options{Members: 3, Hidden: []string{gardenHidden}, SnapshotEntries: 1000}
	run(t, "watchovertaken", options, func(w *World) {
		g := &garden{w: w}
		g.calm.Store(true)
		g.grow(2, 150*time.Millisecond)
		o := &observers{w: w, garden: g, views: map[string]*view{}}
		o.follow("r0", etcd.Config{WatchPolls: -1}, gardenKeys)
		o.follow("r1", etcd.Config{WatchPolls: 2}, gardenFeedKeys)
		chance := w.Chance("snapshots")
		for began := time.Now(); time.Since(began) < w.length && !w.Failed(); {
			time.Sleep(chance.Between(20*time.Second, time.Minute)) // in which the history shows what is missing
			heal := Pick(chance, w.Cluster.members).suffer(memberFaults[Freeze])
			w.Cluster.Flood(Pick(chance, []string{"PUT", "QGET"}), "/1/b/k", 7000, 70*time.Microsecond)
			heal()
			w.Count("floods", 1)
		}
		time.Sleep(10 * time.Second) // in which the last floods are searched for
		o.reachThePresent()
		w.Stop()
	})
}
