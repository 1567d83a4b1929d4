package watchfaults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// missed is how many writes a member must sleep through to be overtaken by a snapshot: the 5,000 that
// the others keep for it, those that are on their way to it already when it falls asleep, and some
// more until the next snapshot.
const missed = 14_000

// A member that was away for too long is given a snapshot. The watches that are open on it are then
// told nothing of what it skipped.
func TestMemberOvertakenBySnapshot(t *testing.T) {
	each(t, 3, func(t *testing.T, cluster *etcdtest.Cluster) {
		member := affected(t, cluster, false)
		// Polls last as long as by default, so that one is open on the member until that wakes.
		s := playOn(t, cluster, member, 0)
		poll := openPoll(t, member.URL())
		s.pause()
		s.see(0)
		do(t, member.Freeze())
		flood := &witness.Flood{
			Endpoint: others(cluster, member)[0], Dir: elsewhere, Writers: 16, Sets: missed / 2 / 16, Ledger: &witness.Ledger{},
		}
		// The first of what it misses is on its way to the member already and will still reach it. Were it of
		// the watched keys, the watch would ask again, and perhaps behind the snapshot.
		do(t, flood.Run(t.Context()))
		for range 20 {
			s.set()
		}
		do(t, flood.Run(t.Context()))
		do(t, member.Thaw())
		s.over()
		caughtUp(t, member, flood.Ledger.Last())
		poll.mustHaveSkipped(t)
		s.goOn()
		s.finishOrCleared()
	}, etcdtest.WithSnapshotCount(100))
}

// The log has entries that are no changes, such as quorum reads, so a snapshot can hide few changes. The watch has
// nothing but the member, and the pulse asks that so seldom that the polls stay open until it wakes.
func TestMemberOvertakenBySnapshotOfFewChanges(t *testing.T) {
	if os.Getenv("BOTH_SERVERS") == "" {
		t.Skip("make chaos runs it; TestWatchNoticesASnapshotThatHidesFewChanges of etcd has the case in virtual time")
	}
	each(t, 3, func(t *testing.T, cluster *etcdtest.Cluster) {
		member := affected(t, cluster, false)
		config := etcd.Config{Endpoints: []string{member.URL()}, PulseInterval: time.Hour}
		s := play(t, beginsWith(t, config, member.URL()), live.Client(t, others(cluster, member)...))
		s.pause()
		s.see(0)
		do(t, member.Freeze())
		readWithQuorum(t, others(cluster, member)[0], missed/2)
		for range 20 {
			s.set()
		}
		readWithQuorum(t, others(cluster, member)[0], missed/2)
		do(t, member.Thaw())
		s.over()
		caughtUp(t, member, s.ledger.Last())
		s.goOn()
		s.wrote(100)
		s.pause()
		// An event behind the gap may come before the watch has found out.
		if err := s.watch.Await(s.ledger.Last()); !errors.Is(err, etcd.ErrEventIndexCleared) {
			t.Log("the watch goes on: ", err)
			do(t, err)
			do(t, s.ledger.Check(s.watch.Events()))
		}
		s.checkMirror()
	}, etcdtest.WithSnapshotCount(100))
}

// readWithQuorum makes about n quorum reads, each of which is an entry of the log.
func readWithQuorum(t *testing.T, endpoint string, n int) {
	t.Helper()
	client := live.Client(t, endpoint)
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			for range n / readers {
				if _, err := client.Get(t.Context(), "/none", etcd.WithQuorum()); !errors.Is(err, etcd.ErrKeyNotFound) {
					t.Error(err)
					return
				}
			}
		})
	}
	reading.Wait()
}

const readers = 32

// elsewhere is a directory of keys that nobody watches, but for openPoll.
const elsewhere = "/elsewhere"

// caughtUp waits until the member itself has the store's state at index.
func caughtUp(t *testing.T, member *etcdtest.Member, index uint64) {
	t.Helper()
	client := live.Client(t, member.URL())
	live.Eventually(t, "the member has caught up", func() bool {
		resp, err := client.Get(t.Context(), "/")
		return err == nil && resp.Index >= index
	})
}

// poll is one bare long poll for a write in the middle of those that a member is to miss. It is how
// a test knows that the member was overtaken by a snapshot, and did not make each write after all.
type poll struct {
	waitIndex uint64
	answer    chan uint64 // the index of the event
}

func openPoll(t *testing.T, endpoint string) poll {
	t.Helper()
	now := live.Must[*etcd.Response](t)(live.Client(t, endpoint).Get(t.Context(), "/"))
	p := poll{now.Index + missed/2, make(chan uint64, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	url := fmt.Sprintf("%s/v2/keys%s?wait=true&recursive=true&waitIndex=%d", endpoint, elsewhere, p.waitIndex)
	req := live.Must[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodGet, url, nil))
	resp := live.Must[*http.Response](t)((&http.Transport{DisableKeepAlives: true}).RoundTrip(req))
	go func() {
		defer close(p.answer)
		defer resp.Body.Close()
		var event struct {
			Node struct{ ModifiedIndex uint64 }
		}
		if json.NewDecoder(resp.Body).Decode(&event) == nil {
			p.answer <- event.Node.ModifiedIndex
		}
	}()
	t.Cleanup(func() { cancel(); <-p.answer })
	return p
}

func (p poll) mustHaveSkipped(t *testing.T) {
	t.Helper()
	select {
	case index := <-p.answer:
		if index < p.waitIndex+missed/4 {
			t.Fatalf("the member was not overtaken by a snapshot: asked for %d, it told of %d", p.waitIndex, index)
		}
	default:
	}
}
