// Package ported_test runs programs of client/v2 beside their ports by the table of docs/from-client-v2.md, and compares
// what they see.
package ported_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	client "go.etcd.io/etcd/client/v2"
)

func TestMain(m *testing.M) { live.Main(m) }

// legacyKeys returns client/v2's API for keys of the endpoint.
func legacyKeys(t *testing.T, endpoint string) client.KeysAPI {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return client.NewKeysAPI(live.Must[client.Client](t)(client.New(client.Config{Endpoints: []string{endpoint}, Transport: transport})))
}

// A program that watches after an index which can be 0: it has read nothing yet. It is asked for one event.
type program struct {
	name string
	next func(ctx context.Context, t *testing.T, endpoint, dir string, index uint64) (string, error)
}

var programs = []program{
	{"client/v2", func(ctx context.Context, t *testing.T, endpoint, dir string, index uint64) (string, error) {
		event, err := legacyKeys(t, endpoint).Watcher(dir, &client.WatcherOptions{AfterIndex: index, Recursive: true}).Next(ctx)
		if err != nil {
			return "", err
		}
		return event.Action + " " + event.Node.Key + " " + event.Node.Value, nil
	}},
	{"the port", func(ctx context.Context, t *testing.T, endpoint, dir string, index uint64) (string, error) {
		event, err := live.Client(t, endpoint).WatchOnce(ctx, dir, etcd.WithAfterIndex(index), etcd.WithRecursive())
		if err != nil {
			return "", err
		}
		return string(event.Action) + " " + event.Node.Key + " " + event.Node.Value, nil
	}},
}

// With AfterIndex: 0 both wait for what comes, and with another index both see what has come since.
func TestWatchAfterAnIndexThatCanBeZero(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		key := s.Dir + "/k"
		first := live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), key, "first"))
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), key, "second"))
		for _, p := range programs {
			t.Run(p.name, func(t *testing.T) {
				if event, err := p.next(t.Context(), t, s.Endpoint, s.Dir, first.Index); err != nil || event != "set "+key+" second" {
					t.Errorf("after index %d: %q, %v", first.Index, event, err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				proxy := etcdtest.Record(t, s.Endpoint)
				event := make(chan string, 1)
				go func() {
					seen, err := p.next(ctx, t, proxy.URL(), s.Dir, 0)
					event <- fmt.Sprint(seen, err)
				}()
				live.Eventually(t, "a poll has arrived", func() bool { return polled(proxy) })
				if seen, want := writeUntil(t, s, p.name, event), fmt.Sprint("set "+s.Dir+"/other "+p.name, error(nil)); seen != want {
					t.Errorf("after index 0: %q, want %q", seen, want)
				}
			})
		}
	})
}

// writeUntil writes until there is an event, and returns it: a poll that has passed the proxy may not wait yet.
func writeUntil(t *testing.T, s live.Server, value string, event <-chan string) string {
	t.Helper()
	for {
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"/other", value))
		select {
		case seen := <-event:
			return seen
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// polled reports whether a poll below a key has passed the proxy.
func polled(proxy *etcdtest.Recorder) bool {
	for _, request := range proxy.Requests() {
		if strings.Contains(request.URI, "wait=true") && !strings.HasPrefix(request.URI, "/v2/keys/?") {
			return true
		}
	}
	return false
}

// The options of an old program that depend on variables are one statement here, too, and do the same.
func TestOptionsThatDependOnVariables(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		old := legacyKeys(t, s.Endpoint)
		for _, ttl := range []time.Duration{0, time.Hour} {
			name := s.Dir + "/" + ttl.String()
			set := live.Must[*client.Response](t)(old.Set(t.Context(), name+"/old", "v", &client.SetOptions{TTL: ttl}))
			same := live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), name+"/new", "v", etcd.If(ttl > 0, etcd.WithTTL(ttl))))
			if (set.Node.Expiration == nil) != same.Node.Expiration.IsZero() || set.Node.TTLDuration() != same.Node.TTL {
				t.Errorf("with the TTL %v: %+v, and by the port %+v", ttl, set.Node, same.Node)
			}
		}
		for i := range 8 {
			recursive, sorted, quorum := i&1 != 0, i&2 != 0, i&4 != 0
			was := live.Must[*client.Response](t)(old.Get(t.Context(), s.Dir,
				&client.GetOptions{Recursive: recursive, Sort: sorted, Quorum: quorum}))
			is := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), s.Dir,
				etcd.If(recursive, etcd.WithRecursive()), etcd.If(sorted, etcd.WithSorted()), etcd.If(quorum, etcd.WithQuorum())))
			leaves := 0
			for range is.Node.Leaves() {
				leaves++
			}
			if len(was.Node.Nodes) != len(is.Node.Nodes) || recursive != (leaves == 4) || recursive != (len(was.Node.Nodes[0].Nodes) == 2) {
				t.Errorf("recursive %t, sorted %t, quorum %t: %v, and by the port %d leaves of %d", recursive, sorted, quorum, was.Node.Nodes, leaves, len(is.Node.Nodes))
			}
		}
		for _, recursive := range []bool{false, true} {
			_, was := old.Delete(t.Context(), s.Dir+"/0s", &client.DeleteOptions{Recursive: recursive})
			_, is := s.Client.Delete(t.Context(), s.Dir+"/1h0m0s", etcd.If(recursive, etcd.WithRecursive()))
			if (was == nil) != recursive || (is == nil) != recursive {
				t.Errorf("recursive %t: %v, and by the port %v", recursive, was, is)
			}
		}
	})
}
