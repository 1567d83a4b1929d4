package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

// must returns the response of a call that has to work.
func must(t *testing.T) func(*etcd.Response, error) *etcd.Response {
	return live.Must[*etcd.Response](t)
}

// collect returns n events of a watch that begins after index.
func collect(t *testing.T, client *etcd.Client, key string, n int, opts ...etcd.WatchOption) []*etcd.Response {
	t.Helper()
	var events []*etcd.Response
	if n == 0 {
		return nil
	}
	for event, err := range client.Watch(t.Context(), key, opts...) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, event); len(events) == n {
			break
		}
	}
	return events
}

func TestEveryEventInOrderAndOnce(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		const writes = 300
		before := must(t)(s.Client.Set(t.Context(), s.Dir+"/start", ""))
		written := make(chan error, 1)
		go func() {
			for i := range writes {
				if _, err := s.Client.Set(t.Context(), fmt.Sprintf("%s/%d", s.Dir, i%7), fmt.Sprint(i)); err != nil {
					t.Errorf("write %d: %v", i, err)
					s.Client.Close() // or the watch would wait for the event for ever
					written <- err
					return
				}
			}
			written <- nil
		}()
		events := collect(t, s.Client, s.Dir, writes, etcd.WithRecursive(), etcd.WithAfterIndex(before.Index))
		if err := <-written; err != nil {
			t.Fatal(err)
		}
		for i, event := range events {
			if event.Node.Value != fmt.Sprint(i) || event.Index != event.Node.ModifiedIndex {
				t.Fatalf("event %d is %s of %s at %d", i, event.Node.Value, event.Node.Key, event.Index)
			}
		}
	})
}

func TestEveryKindOfEvent(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/k"
		created := must(t)(s.Client.Create(t.Context(), key, "1"))
		must(t)(s.Client.Update(t.Context(), key, "2"))
		must(t)(s.Client.CompareAndSwap(t.Context(), key, "3", etcd.Prev{Value: "2"}))
		must(t)(s.Client.CompareAndDelete(t.Context(), key, etcd.Prev{Value: "3"}))
		must(t)(s.Client.Set(t.Context(), key, "4", etcd.WithTTL(time.Second)))
		want := []etcd.Action{
			etcd.ActionCreate, etcd.ActionUpdate, etcd.ActionCompareAndSwap,
			etcd.ActionCompareAndDelete, etcd.ActionSet, etcd.ActionExpire,
		}
		for i, event := range collect(t, s.Client, key, len(want), etcd.WithAfterIndex(created.Index-1)) {
			if event.Action != want[i] {
				t.Errorf("event %d is %s, want %s", i, event.Action, want[i])
			}
			if (event.PrevNode == nil) != (i == 0 || i == 4) {
				t.Errorf("event %d, %s, came with %+v before", i, event.Action, event.PrevNode)
			}
		}
	})
}

// Without a starting point a watch begins when it is called, also of a key that is not there.
func TestFromNowOn(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		proxy := etcdtest.Record(t, s.Endpoint)
		client := live.Client(t, proxy.URL())
		must(t)(s.Client.Set(t.Context(), s.Dir+"/other", "past"))
		events := make(chan *etcd.Response, 1)
		go func() {
			event, err := client.WatchOnce(t.Context(), s.Dir+"/k")
			if err != nil {
				t.Error(err)
			}
			events <- event
		}()
		live.Eventually(t, "a poll has arrived", func() bool { return len(proxy.Requests()) >= 2 })
		must(t)(s.Client.Set(t.Context(), s.Dir+"/k", "now"))
		if event := <-events; event == nil || event.Node.Value != "now" {
			t.Errorf("got %+v", event)
		}
	})
}

func TestWatchIsOfTheKeyOrAllBelow(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		dir := s.Dir + "/dir"
		before := must(t)(s.Client.CreateDir(t.Context(), dir))
		must(t)(s.Client.Set(t.Context(), dir+"/file", "1"))
		must(t)(s.Client.Delete(t.Context(), dir, etcd.WithRecursive()))
		after := etcd.WithAfterIndex(before.Index)
		if event := must(t)(s.Client.WatchOnce(t.Context(), dir, after)); event.Action != etcd.ActionDelete {
			t.Errorf("the watch of the directory saw %s of %s", event.Action, event.Node.Key)
		}
		if event := must(t)(s.Client.WatchOnce(t.Context(), dir, after, etcd.WithRecursive())); event.Node.Key != dir+"/file" {
			t.Errorf("the recursive watch saw %s of %s", event.Action, event.Node.Key)
		}
	})
}

// Deleting a directory is one event, and who watches something in it gets that one.
func TestDeletionOfADirectoryAbove(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/dir/file", "1"))
		must(t)(s.Client.Delete(t.Context(), s.Dir+"/dir", etcd.WithRecursive()))
		event := must(t)(s.Client.WatchOnce(t.Context(), s.Dir+"/dir/file", etcd.WithAfterIndex(set.Index)))
		if event.Action != etcd.ActionDelete || event.Node.Key != s.Dir+"/dir" || !event.PrevNode.Dir {
			t.Errorf("got %s of %+v", event.Action, event.Node)
		}
	})
}

// Servers from 2.3 on show the deletion of /dir to who looks back at /dirxyz.
func TestDeletionOfANamesakeIsNotDelivered(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/dir/file", "1"))
		must(t)(s.Client.Delete(t.Context(), s.Dir+"/dir", etcd.WithRecursive()))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/dirxyz", "mine"))
		event := must(t)(s.Client.WatchOnce(t.Context(), s.Dir+"/dirxyz", etcd.WithAfterIndex(set.Index)))
		if event.Node.Value != "mine" {
			t.Errorf("got %s of %s", event.Action, event.Node.Key)
		}
	})
}

func TestClearedHistoryEndsTheWatch(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/k", "1"))
		writeOthers(t, s, 1100)
		var pairs int
		for event, err := range s.Client.Watch(t.Context(), s.Dir+"/k", etcd.WithAfterIndex(set.Index)) {
			if pairs++; event != nil || !errors.Is(err, etcd.ErrEventIndexCleared) {
				t.Errorf("got %v, %v", event, err)
			}
		}
		if pairs != 1 {
			t.Errorf("%d pairs, want the one with the error", pairs)
		}
	})
}

// writeOthers moves the store's index on by n without touching the watched keys.
func writeOthers(t *testing.T, s live.Server, n int) (last *etcd.Response) {
	for range n {
		last = must(t)(s.Client.Set(t.Context(), s.Dir+"/others", ""))
	}
	return last
}

// A key that never changes is watched past the 1,000 events that the server remembers.
func TestQuietWatchOutlivesTheHistory(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		proxy := etcdtest.Record(t, s.Endpoint)
		client, err := etcd.New(etcd.Config{Endpoints: []string{proxy.URL()}, PollTimeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		set := must(t)(s.Client.Set(t.Context(), s.Dir+"/quiet", "1"))
		events := make(chan *etcd.Response, 1)
		go func() {
			event, err := client.WatchOnce(t.Context(), s.Dir+"/quiet", etcd.WithAfterIndex(set.Index))
			if err != nil {
				t.Error(err)
			}
			events <- event
		}()
		for range 4 {
			last := writeOthers(t, s, 400)
			live.Eventually(t, "a poll goes on behind the others' writes", func() bool {
				return polledAfter(proxy, last.Index)
			})
		}
		must(t)(s.Client.Set(t.Context(), s.Dir+"/quiet", "2"))
		if event := <-events; event == nil || event.Node.Value != "2" {
			t.Errorf("got %+v", event)
		}
	})
}

// polledAfter reports whether a poll for events behind index has passed the proxy.
func polledAfter(proxy *etcdtest.Recorder, index uint64) bool {
	return slices.ContainsFunc(proxy.Requests(), func(request etcdtest.Request) bool {
		uri, err := url.ParseRequestURI(request.URI)
		if err != nil {
			return false
		}
		waitIndex, err := strconv.ParseUint(uri.Query().Get("waitIndex"), 10, 64)
		return err == nil && waitIndex > index
	})
}

func TestContextEndsTheWatch(t *testing.T) {
	s := live.Latest(t)
	cause := errors.New("the user's own")
	ctx, cancel := context.WithCancelCause(t.Context())
	proxy := etcdtest.Record(t, s.Endpoint)
	client := live.Client(t, proxy.URL())
	ended := make(chan error)
	go func() {
		_, err := client.WatchOnce(ctx, s.Dir)
		ended <- err
	}()
	live.Eventually(t, "a poll has arrived", func() bool { return len(proxy.Requests()) >= 2 })
	cancel(cause)
	if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	short, cancelShort := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelShort()
	if _, err := client.WatchOnce(short, s.Dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// Leaving the loop frees the watch on the server too.
func TestBreakLeavesNothingBehind(t *testing.T) {
	// A process, since reading the statistics races with watches inside etcd itself.
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	client := live.Client(t, cluster.Endpoints()...)
	set := must(t)(client.Set(t.Context(), "/a", "1"))
	for _, err := range client.Watch(t.Context(), "/a", etcd.WithAfterIndex(set.Index-1)) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	live.Eventually(t, "the server has none", func() bool { return watchers(t, cluster) == 0 })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = client.WatchOnce(ctx, "/a")
	}()
	live.Eventually(t, "the server has a watcher", func() bool { return watchers(t, cluster) > 0 })
	cancel()
	<-ended
	live.Eventually(t, "the server has none", func() bool { return watchers(t, cluster) == 0 })
}

// watchers returns how many watches the server counts.
func watchers(t *testing.T, cluster *etcdtest.Cluster) int {
	resp, err := http.Get(cluster.Endpoints()[0] + "/v2/stats/store")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var stats struct{ Watchers int }
	if err := json.NewDecoder(resp.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	return stats.Watchers
}

func TestWatchOutlivesARestart(t *testing.T) {
	cluster := etcdtest.Start(t)
	member := cluster.Members()[0]
	proxy := etcdtest.Record(t, member.URL())
	watching, writing := live.Client(t, proxy.URL()), live.Client(t, member.URL())
	before := must(t)(writing.Set(t.Context(), "/a", "0"))
	events := make(chan []*etcd.Response)
	go func() { events <- collect(t, watching, "/a", 2, etcd.WithAfterIndex(before.Index)) }()
	first := must(t)(writing.Set(t.Context(), "/a", "1"))
	live.Eventually(t, "a poll waits for the second event", func() bool { return polledAfter(proxy, first.Index) })
	if err := member.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := member.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t)(live.Client(t, member.URL()).Set(t.Context(), "/a", "2"))
	for i, event := range <-events {
		if event.Node.Value != fmt.Sprint(i+1) {
			t.Errorf("event %d is %q", i, event.Node.Value)
		}
	}
}

// Etcd 2.3.0 to 3.0.17 leave events of the watched key itself out of a recursive look back.
func TestRecursiveLookBackSeesTheKeyItself(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		before := must(t)(s.Client.Set(t.Context(), s.Dir+"/other", ""))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/k", "1"))
		must(t)(s.Client.Delete(t.Context(), s.Dir+"/k"))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/k/below", "2"))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/other", ""))
		events := collect(t, s.Client, s.Dir+"/k", 3, etcd.WithRecursive(), etcd.WithAfterIndex(before.Index-1))
		for i, want := range []string{"set " + s.Dir + "/k", "delete " + s.Dir + "/k", "set " + s.Dir + "/k/below"} {
			if got := string(events[i].Action) + " " + events[i].Node.Key; got != want {
				t.Errorf("event %d is %s, want %s", i, got, want)
			}
		}
	})
}
