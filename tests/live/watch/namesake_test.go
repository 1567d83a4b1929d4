package watch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// Etcd 2.3 tells a watch of /dir/ab that looks back of the end of the directory /dir/a. Behind that the
// watch goes on, and does not ask the same again and again.
func TestLooksBackAtTheEndOfANamesake(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		ctx, must := t.Context(), live.Must[*etcd.Response](t)
		proxy := etcdtest.Record(t, s.Endpoint)
		watching := live.Connect(t, etcd.Config{Endpoints: []string{proxy.URL()}, PollTimeout: 2 * time.Second})
		start := must(s.Client.Set(ctx, s.Dir+"/ab/x", "0"))
		must(s.Client.CreateDir(ctx, s.Dir+"/a"))
		must(s.Client.Delete(ctx, s.Dir+"/a", etcd.WithDir()))
		must(s.Client.Set(ctx, s.Dir+"/other", "0"))
		watch := witness.Watch(t, watching, s.Dir+"/ab", start.Index)
		live.Eventually(t, "the watch has looked back", func() bool {
			return asked(proxy, "/ab?") >= 2 || s.Version != "2.3.8" && asked(proxy, "wait=true") > 0
		})
		for range 3 {
			set := must(s.Client.Set(ctx, s.Dir+"/ab/x", "1"))
			if err := watch.AwaitWithin(set.Index, 5*time.Second); err != nil {
				t.Error(err)
			}
		}
		if n := len(proxy.Requests()); n > 50 {
			t.Errorf("%d requests", n)
		}
	})
}

// asked returns how many requests with text in their URI have passed the proxy.
func asked(proxy *etcdtest.Recorder, text string) (n int) {
	for _, request := range proxy.Requests() {
		if strings.Contains(request.URI, text) {
			n++
		}
	}
	return n
}
