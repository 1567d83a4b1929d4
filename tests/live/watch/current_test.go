package watch_test

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestListThenWatch(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		must(t)(s.Client.Set(t.Context(), s.Dir+"/a", "1"))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/b/c", "2"))
		var seen []string
		for event, err := range s.Client.Watch(t.Context(), s.Dir, etcd.WithRecursive(), etcd.WithCurrent()) {
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) == 0 {
				if event.Action != etcd.ActionGet || event.Node.Key != s.Dir {
					t.Errorf("begins with %s of %s", event.Action, event.Node.Key)
				}
				leaves := 0
				for range event.Node.Leaves() {
					leaves++
				}
				if leaves != 2 {
					t.Errorf("listed %d files", leaves)
				}
				must(t)(s.Client.Delete(t.Context(), s.Dir+"/a"))
			}
			if seen = append(seen, string(event.Action)); len(seen) == 2 {
				break
			}
		}
		if seen[1] != "delete" {
			t.Errorf("then came %s", seen[1])
		}
	})
}

// Where there is nothing to list, the first thing to be told is what comes.
func TestListNothingThenWatch(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		proxy := etcdtest.Record(t, s.Endpoint)
		client := live.Client(t, proxy.URL())
		seen := make(chan *etcd.Response, 1)
		go func() {
			event, err := client.WatchOnce(t.Context(), s.Dir+"/k", etcd.WithCurrent())
			if err != nil {
				t.Error(err)
			}
			seen <- event
		}()
		live.Eventually(t, "the list was asked for", func() bool { return len(proxy.Requests()) >= 2 })
		must(t)(s.Client.Set(t.Context(), s.Dir+"/k", "1"))
		if event := <-seen; event == nil || event.Action != etcd.ActionSet {
			t.Errorf("got %+v", event)
		}
	})
}

func TestListAndAnIndexAreRefused(t *testing.T) {
	s := live.Latest(t)
	_, err := s.Client.WatchOnce(t.Context(), s.Dir, etcd.WithCurrent(), etcd.WithAfterIndex(1))
	if !errors.Is(err, etcd.ErrInvalidArgument) {
		t.Errorf("got %v", err)
	}
}

// A server drops events of hidden nodes as they happen, but not when it looks back.
func TestHiddenNodesAreNotSeenLookingBackEither(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		before := must(t)(s.Client.Set(t.Context(), s.Dir+"/a", "1"))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/_hidden/b", "2"))
		must(t)(s.Client.Set(t.Context(), s.Dir+"/c", "3"))
		for dir, want := range map[string]string{s.Dir: s.Dir + "/c", s.Dir + "/_hidden": s.Dir + "/_hidden/b"} {
			event := must(t)(s.Client.WatchOnce(t.Context(), dir, etcd.WithRecursive(), etcd.WithAfterIndex(before.Index)))
			if event.Node.Key != want {
				t.Errorf("the watch of %s saw %s", dir, event.Node.Key)
			}
		}
	})
}

// Who is told that a watch has ended is told how far it came.
func TestEndOfAWatchSaysHowFarItCame(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		before := must(t)(s.Client.Set(t.Context(), s.Dir+"/k", "1"))
		for range 1001 {
			must(t)(s.Client.Set(t.Context(), s.Dir+"/other", ""))
		}
		_, err := s.Client.WatchOnce(t.Context(), s.Dir+"/k", etcd.WithAfterIndex(before.Index))
		var end *etcd.WatchError
		if !errors.Is(err, etcd.ErrEventIndexCleared) || !errors.As(err, &end) || end.After != before.Index || end.Key != s.Dir+"/k" {
			t.Errorf("got %v", err)
		}
	})
}
