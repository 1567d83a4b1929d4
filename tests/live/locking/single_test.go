package locking_test

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/handlock"
	"github.com/etcdv2/client/tests/internal/live"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// Programs that make the lock by hand, with another client, and ours exclude each other: what they add up
// without comparing is not lost.
func TestSingleKeyIsSharedWithPrograms(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		live.Must[*etcd.Response](t)(s.Client.Create(t.Context(), sum(s.Dir), "0"))
		var others []*program
		for _, name := range []string{"one", "two"} {
			others = append(others, start(t, "count", s.Endpoint, s.Dir, name))
		}
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithSingleKey(), locking.WithTTL(countTTL))
		for range additions {
			check(t, locking.Do(t.Context(), mutex, func(ctx context.Context, _ *locking.Lock) error {
				resp, err := s.Client.Get(ctx, sum(s.Dir), etcd.WithQuorum())
				if err != nil {
					return err
				}
				n, err := strconv.Atoi(resp.Node.Value)
				if err != nil {
					return err
				}
				return live.Err(s.Client.Set(ctx, sum(s.Dir), strconv.Itoa(n+1)))
			}))
		}
		for _, other := range others {
			other.wait(t)
		}
		resp := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), sum(s.Dir), etcd.WithQuorum()))
		if want := strconv.Itoa(3 * additions); resp.Node.Value != want {
			t.Errorf("the sum is %s, want %s", resp.Node.Value, want)
		}
		wantGone(t, s)
	})
}

// Observe and a plain watch of the key tell the same, whoever has taken it.
func TestSingleKeyIsObserved(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithSingleKey(), locking.WithValue("ours"))
		next, stop := iter.Pull2(mutex.Observe(t.Context()))
		defer stop()
		sees := func(name string) locking.Contender {
			t.Helper()
			holder, err, _ := next()
			if err != nil || !strings.HasPrefix(holder.Value, name) || (holder.Key == "") != (name == "") {
				t.Fatalf("observed %+v %v, want %q", holder, err, name)
			}
			return holder
		}
		sees("")
		began := live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"-begin", ""))
		lock := begin(t, mutex).held(t)
		if holder := sees("ours"); holder.Key != s.Dir || holder.Token != lock.Token() {
			t.Errorf("%+v, the token is %d", holder, lock.Token())
		}
		unlock(t, lock)
		sees("")
		keys := live.Must[clientv2.KeysAPI](t)(handlock.NewKeys([]string{s.Endpoint}, countTTL))
		t.Cleanup(clientv2.DefaultTransport.(interface{ CloseIdleConnections() }).CloseIdleConnections)
		byHand, err := handlock.Acquire(t.Context(), keys, s.Dir, "by hand", countTTL)
		if err != nil {
			t.Fatal(err)
		}
		if holder := sees("by hand"); holder.Token != byHand.Token() || holder.Token <= lock.Token() {
			t.Errorf("%+v, the token is %d after %d", holder, byHand.Token(), lock.Token())
		}
		check(t, byHand.Unlock(t.Context()))
		sees("")
		wantWatched(t, s, began, "create ours", "compareAndDelete", "create by hand", "compareAndDelete")
	})
}

// wantWatched checks what a watch tells of the key, besides its renewals.
func wantWatched(t *testing.T, s live.Server, since *etcd.Response, want ...string) {
	t.Helper()
	for event, err := range s.Client.Watch(t.Context(), s.Dir, etcd.WithAfterResponse(since)) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Action == etcd.ActionCompareAndSwap {
			continue
		}
		if told := strings.TrimSpace(string(event.Action) + " " + event.Node.Value); !strings.HasPrefix(told, want[0]) {
			t.Errorf("the watch tells %q, want %q", told, want[0])
		}
		if want = want[1:]; len(want) == 0 {
			return
		}
	}
}

// A program that only reads the key knows who leads.
func TestSingleKeyElectionIsReadByPrograms(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		reader := start(t, "read", s.Endpoint, s.Dir, "reader")
		says := func(want string) {
			t.Helper()
			if got := reader.says(t); got != want {
				t.Errorf("the program says that %q leads, want %q", got, want)
			}
		}
		says("")
		e := election.New(s.Client, s.Dir, election.WithSingleKey())
		for _, name := range []string{"one", "two"} {
			term, err := e.Campaign(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			says(name)
			if leader := live.Must[election.Leader](t)(e.Leader(t.Context())); leader.Name != name || leader.Key != s.Dir {
				t.Errorf("%+v", leader)
			}
			check(t, term.Resign(t.Context()))
			says("")
		}
		wantGone(t, s)
	})
}
