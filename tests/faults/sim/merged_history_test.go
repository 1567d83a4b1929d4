package sim

import (
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
)

// A member that runs and receives a snapshot merges the events of its history with older ones: encoding/json decodes into
// the events that the store has. So an event from the history of such a member may have an expiration, a previous node,
// and "dir": true that are another event's. TestWatch found it with the seed 5000. This test fails when etcd mends it, and
// load in process.go is then simpler.
func TestHistoryBehindASnapshotIsMerged(t *testing.T) {
	never, soon := v2store.TTLOptionSet{ExpireTime: v2store.Permanent}, v2store.TTLOptionSet{ExpireTime: time.Now().Add(time.Hour)}
	events := func(clean bool) (merged int) {
		leader, member := v2store.New("/1"), v2store.New("/1")
		for range historySize {
			if _, err := member.Set("/1/old", false, "value", soon); err != nil {
				t.Fatal(err)
			}
			if _, err := leader.Set("/1/new", false, "value", never); err != nil {
				t.Fatal(err)
			}
		}
		snapshot, err := leader.Save()
		if err != nil {
			t.Fatal(err)
		}
		if clean {
			load(member, snapshot)
		} else if err := member.Recovery(snapshot); err != nil {
			t.Fatal(err)
		}
		for index := range uint64(historySize) {
			w, err := member.Watch("/1", true, false, index+1)
			if err != nil {
				t.Fatal(err)
			}
			if node := (<-w.EventChan()).Node; node.Expiration != nil {
				merged++
			}
		}
		return merged
	}
	if n := events(false); n == 0 {
		t.Error("etcd does not merge events any more")
	}
	if n := events(true); n > 0 {
		t.Errorf("the simulated member merges %d events", n)
	}
}
