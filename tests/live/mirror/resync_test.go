package mirror_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// resyncs keeps what an observer is told of mirrors that are read again.
type resyncs struct {
	mu     sync.Mutex
	events []etcd.MirrorResynced
}

func (r *resyncs) Observe(event etcd.Event) {
	if e, ok := event.(etcd.MirrorResynced); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}
}

func (r *resyncs) got() []etcd.MirrorResynced {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// More is written than the server remembers while the mirror is cut off.
func TestReadAgainAfterTheHistoryHasGoneOn(t *testing.T) {
	alone(t, func(t *testing.T, s live.Server) {
		ctx := t.Context()
		must(t)(s.Client.Set(ctx, s.Dir+"/gone/soon", "1"))
		must(t)(s.Client.Set(ctx, s.Dir+"/same", "1"))
		must(t)(s.Client.Set(ctx, s.Dir+"/other", "1"))
		proxy, seen := faultproxy.New(t, s.Endpoint), &resyncs{}
		var polls atomic.Int64
		proxy.Use(func(req *http.Request) faultproxy.Fault {
			if strings.Contains(req.URL.RawQuery, "waitIndex=") {
				polls.Add(1)
			}
			return faultproxy.Pass
		})
		m := mirror(t, live.Connect(t, etcd.Config{Endpoints: []string{proxy.URL()}, Observer: seen}), s.Dir)
		// The poll that is open sees one event more, then there is no way through.
		live.Eventually(t, "a poll is open", func() bool { return polls.Load() > 0 })
		proxy.Use(faultproxy.Always(faultproxy.DropRequest))
		if err := m.WaitIndex(soon(t), must(t)(s.Client.Set(ctx, s.Dir+"/other", "last seen")).Index); err != nil {
			t.Fatal(err)
		}
		must(t)(s.Client.Delete(ctx, s.Dir+"/gone", etcd.WithRecursive()))
		must(t)(s.Client.Set(ctx, s.Dir+"/new", "2"))
		for range 1100 {
			must(t)(s.Client.Set(ctx, s.Dir+"/other", "2"))
		}
		told := changesUntil(t, m, func() { proxy.Use(faultproxy.Always(faultproxy.Pass)) }, s.Dir+"/other", "2")
		holdsTheSame(t, m, s.Client, s.Dir, 0)
		live.Eventually(t, "the observer is told", func() bool { return len(seen.got()) > 0 })
		if e := seen.got(); len(e) != 1 || e[0].Dir != s.Dir || e[0].Changes != 4 || !errors.Is(e[0].Err, etcd.ErrEventIndexCleared) {
			t.Errorf("observed %+v", e)
		}
		want := []string{"resynced ", "deleted /gone/soon", "deleted /gone", "created /new", "updated /other"}
		if len(told) != len(want) {
			t.Fatalf("told %d changes, want %q", len(told), want)
		}
		for i, change := range told {
			if got := change.Type.String() + " " + change.Key[len(s.Dir):]; got != want[i] || change.Resynced != (i > 0) || (change.Err != nil) != (i == 0) {
				t.Errorf("change %d is %s %+v, want %s", i, got, change, want[i])
			}
		}
	})
}

// alone runs test on a server of each version on which nobody else writes, so that a watch has no
// need to look back.
func alone(t *testing.T, test func(t *testing.T, s live.Server)) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			endpoint := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version))).Endpoints()[0]
			test(t, live.Server{Version: string(version), Endpoint: endpoint, Client: live.Client(t, endpoint), Dir: "/dir"})
		})
	}
}

// changesUntil calls begin when a consumer has been told all there is, and returns what it is told
// then, up to the change of key to value.
func changesUntil(t *testing.T, m *etcd.Mirror, begin func(), key, value string) []etcd.Change {
	t.Helper()
	there := 0
	for range m.Snapshot().Walk() {
		there++
	}
	var told []etcd.Change
	for change, err := range m.Changes(soon(t)) {
		if err != nil {
			t.Fatal(err)
		}
		if change.Type == etcd.ChangeSynced {
			continue
		}
		if there--; there > 0 {
			continue
		}
		if there == 0 {
			begin()
			continue
		}
		if told = append(told, change); change.Key == key && file(value)(change.New) {
			break
		}
	}
	return told
}

// A cluster goes, and another one takes its address, whose history is elsewhere.
func TestAnotherClusterBehindTheSameAddress(t *testing.T) {
	for name, test := range map[string]struct {
		writes int // of the second cluster, of which there are about 20 before the interesting ones of the first
		why    []error
	}{
		"far ahead": {1200, []error{etcd.ErrWrongCluster, etcd.ErrEventIndexCleared}},
		// The server has events to go on with, but they are of another history.
		"ahead":  {200, []error{etcd.ErrWrongCluster}},
		"behind": {0, []error{etcd.ErrWrongCluster, etcd.ErrClusterRolledBack}},
	} {
		t.Run(name, func(t *testing.T) {
			second := etcdtest.Start(t)
			address := second.Endpoints()[0]
			writing := live.Client(t, address)
			for range test.writes {
				must(t)(writing.Set(t.Context(), "/others", ""))
			}
			must(t)(writing.Set(t.Context(), "/dir/key", "second"))
			stop(t, second)

			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			first := etcdtest.Start(t, etcdtest.WithClientAddr(u.Host))
			client := live.Client(t, address)
			for range 20 {
				must(t)(client.Set(t.Context(), "/dir/gone", ""))
			}
			must(t)(client.Set(t.Context(), "/dir/key", "first"))
			pinned := mirror(t, client, "/dir")
			seen := &resyncs{}
			moving := etcd.Config{Endpoints: []string{address}, ClusterID: etcd.AnyCluster, Observer: seen}
			free := mirror(t, live.Connect(t, moving), "/dir")
			stop(t, first)
			if err := second.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}

			if _, err := free.WaitFor(soon(t), "/dir/key", file("second")); err != nil {
				t.Fatal(err)
			}
			holdsTheSame(t, free, live.Client(t, address), "/dir", 0)
			live.Eventually(t, "the observer is told", func() bool { return len(seen.got()) > 0 })
			if e := seen.got(); len(e) != 1 || !slices.ContainsFunc(test.why, func(why error) bool { return errors.Is(e[0].Err, why) }) {
				t.Errorf("observed %+v", e)
			}
			if _, err := pinned.WaitFor(soon(t), "/dir/key", file("second")); !errors.Is(err, etcd.ErrWrongCluster) || !errors.Is(pinned.Err(), etcd.ErrWrongCluster) {
				t.Errorf("the mirror that keeps to its cluster: %v, %v", err, pinned.Err())
			}
			if node, ok := pinned.Get("/dir/key"); !ok || node.Value != "first" {
				t.Errorf("it now has %+v", node)
			}
		})
	}
}

func stop(t *testing.T, cluster *etcdtest.Cluster) {
	t.Helper()
	for _, member := range cluster.Members() {
		if err := member.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// A mirror goes through a server's restart without being read again.
func TestOutlivesARestart(t *testing.T) {
	cluster, seen := etcdtest.Start(t), &resyncs{}
	member := cluster.Members()[0]
	writing := live.Client(t, member.URL())
	must(t)(writing.Set(t.Context(), "/dir/key", "1"))
	m := mirror(t, live.Connect(t, etcd.Config{Endpoints: []string{member.URL()}, Observer: seen}), "/dir")
	if err := member.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := member.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	holdsTheSame(t, m, writing, "/dir", must(t)(writing.Set(t.Context(), "/dir/key", "2")).Index)
	if events := seen.got(); len(events) != 0 {
		t.Errorf("read again: %+v", events)
	}
}
