package watch_test

import (
	"context"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// Servers from 2.3 to 3.0 lose, of a recursive watch that looks back, the events of the watched key
// itself, unless they are the first it comes to.
func TestRecursiveWatchLooksBackAtTheKeyItself(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for name, change := range map[string]func(key string) (*etcd.Response, error){
			"file":      func(key string) (*etcd.Response, error) { return s.Client.Set(t.Context(), key, "1") },
			"directory": func(key string) (*etcd.Response, error) { return s.Client.CreateDir(t.Context(), key) },
		} {
			before := must(t)(s.Client.Set(t.Context(), s.Dir+"/before", name))
			must(t)(s.Client.Set(t.Context(), s.Dir+"/other", name))
			made := must(t)(change(s.Dir + "/" + name))
			// A watch to which the event is lost would wait for ever.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			event, err := s.Client.WatchOnce(ctx, s.Dir+"/"+name, etcd.WithRecursive(), etcd.WithAfterIndex(before.Index))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if event.Index != made.Index {
				t.Errorf("%s: the watch begins with %s at %d, not with %d", name, event.Action, event.Index, made.Index)
			}
		}
	})
}
