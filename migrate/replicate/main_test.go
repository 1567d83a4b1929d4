package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) {
	if text := os.Getenv("REPLICATE_CHILD"); text != "" {
		if err := runChild(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	etcdtest.VerifyNoLeaks(tests{m})
}

type tests struct{ *testing.M }

func (t tests) Run() int {
	defer func() {
		for _, s := range servers {
			if s.cluster != nil {
				_ = s.cluster.Close()
			}
		}
	}()
	return t.M.Run()
}

// A server is one that the tests share. They clear it.
type server struct {
	version etcdtest.Version
	start   sync.Once
	cluster *etcdtest.Cluster
	err     error
	busy    sync.Mutex
}

var servers = map[etcdtest.Version]*server{
	etcdtest.Etcd23: {version: etcdtest.Etcd23},
	etcdtest.Etcd35: {version: etcdtest.Etcd35},
	etcdtest.Etcd36: {version: etcdtest.Etcd36},
}

// endpoint returns the URL of the server of a version, which is the test's own until it ends.
func endpoint(t testing.TB, version etcdtest.Version) string {
	t.Helper()
	s := servers[version]
	s.start.Do(func() {
		binary := etcdtest.Build(t, version)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		s.cluster, s.err = etcdtest.New(ctx, etcdtest.WithBinary(binary))
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	s.busy.Lock()
	t.Cleanup(s.busy.Unlock)
	return s.cluster.Endpoints()[0]
}

// v2 returns a client of an etcd v2 whose tree is empty.
func v2(t testing.TB, version etcdtest.Version) *etcd.Client {
	t.Helper()
	client := connectV2(t, endpoint(t, version))
	root, err := client.Get(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"/_etcd2", "/_locks"}
	for node := range root.Node.Children() {
		keys = append(keys, node.Key)
	}
	for _, key := range keys {
		if _, err := client.Delete(t.Context(), key, etcd.WithRecursive()); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Fatal(err)
		}
	}
	return client
}

func connectV2(t testing.TB, endpoints ...string) *etcd.Client {
	t.Helper()
	client, err := etcd.New(etcd.Config{Endpoints: endpoints})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// v3 returns a client of an etcd v3 that is empty.
func v3(t testing.TB) *clientv3.Client {
	t.Helper()
	client := connectV3(t, endpoint(t, etcdtest.Etcd36))
	if _, err := client.Delete(t.Context(), "", clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
	return client
}

func connectV3(t testing.TB, endpoints ...string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// eventually waits until is returns true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// A run is a Run that is under way.
type run struct {
	*replicate.Replicator
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// running runs a replicator until the test ends.
func running(t testing.TB, config replicate.Config) *run {
	t.Helper()
	also := config.Log
	config.Log = func(format string, args ...any) {
		t.Logf(format, args...)
		if also != nil {
			also(format, args...)
		}
	}
	r, err := replicate.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	running := &run{Replicator: r, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(running.done)
		running.err = r.Run(ctx)
	}()
	t.Cleanup(func() { running.stop() })
	return running
}

// stop ends the run.
func (r *run) stop() {
	r.cancel()
	<-r.done
}

// end waits until the run ends by itself, and returns its error.
func (r *run) end(t testing.TB) error {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(30 * time.Second):
		t.Fatal("Run has not returned within 30 s")
	}
	return r.err
}

// copied waits until the replicator has made the target a copy, and has applied everything up to index.
func copied(t testing.TB, r *run, index uint64) {
	t.Helper()
	eventually(t, "the target is a copy", func() bool {
		s := r.Stats()
		return s.Synced && s.Applied >= index
	})
}
