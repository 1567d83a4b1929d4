package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// A cluster is set back to a backup of its data, and so has the same ID but not the last writes: a
// watch ends and says so, a mirror goes back too.
func TestRestoredFromABackup(t *testing.T) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			t.Parallel()
			restoredFromABackup(t, newRestored(t, version))
		})
	}
}

func restoredFromABackup(t *testing.T, r *restored) {
	seen := &resyncs{}
	client := live.Connect(t, etcd.Config{Endpoints: []string{"http://" + r.addr}, Observer: seen})
	var kept *etcd.Mirror
	var watch *witness.Witness
	t.Run("until the backup", func(t *testing.T) {
		r.serve(t, client, "data")
		must(t)(client.Set(t.Context(), "/dir/key", "in the backup"))
	})
	if err := os.CopyFS(filepath.Join(r.home, "backup"), os.DirFS(filepath.Join(r.home, "data"))); err != nil {
		t.Fatal(err)
	}
	outer := t
	t.Run("after the backup", func(t *testing.T) {
		r.serve(t, client, "data")
		kept = mirror(outer, client, "/dir")
		watch = witness.Range(outer, func(ctx context.Context) iter.Seq2[*etcd.Response, error] {
			return client.Watch(ctx, "/dir", etcd.WithRecursive(), etcd.WithAfterIndex(kept.Index()))
		})
		for i := range 20 {
			must(t)(client.Set(t.Context(), fmt.Sprint("/dir/later-", i), ""))
		}
		last := must(t)(client.Set(t.Context(), "/dir/key", "later"))
		if err := errors.Join(kept.WaitIndex(soon(t), last.Index), watch.Await(last.Index)); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("restored", func(t *testing.T) {
		r.serve(t, client, "backup")
		if _, err := kept.WaitFor(soon(t), "/dir/key", file("in the backup")); err != nil {
			t.Fatal(err)
		}
		holdsTheSame(t, kept, client, "/dir", 0)
		live.Eventually(t, "the observer is told", func() bool { return len(seen.got()) > 0 })
		if e := seen.got(); len(e) != 1 || e[0].From <= e[0].To || !errors.Is(e[0].Err, etcd.ErrClusterRolledBack) {
			t.Errorf("observed %+v", e)
		}
		live.Eventually(t, "the watch has ended", func() bool { return watch.Err() != nil })
		if !errors.Is(watch.Err(), etcd.ErrClusterRolledBack) {
			t.Error(watch.Err())
		}
	})
}

// restored is a cluster of one, whose data can be exchanged between its runs.
type restored struct {
	binary, home, addr string
	flags              []string
}

func newRestored(t *testing.T, version etcdtest.Version) *restored {
	t.Helper()
	r := &restored{binary: etcdtest.Build(t, version), home: t.TempDir(), addr: etcdtest.FreeAddr(t)}
	peer := "http://" + etcdtest.FreeAddr(t)
	r.flags = []string{
		"--listen-client-urls=http://" + r.addr, "--advertise-client-urls=http://" + r.addr,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
	}
	if version == etcdtest.Etcd35 {
		r.flags = append(r.flags, "--enable-v2")
	}
	return r
}

// serve runs the cluster on that data until the test ends, and returns when it serves.
func (r *restored) serve(t *testing.T, client *etcd.Client, data string) {
	t.Helper()
	etcdtest.RunBeside(t, r.addr, r.binary, append(r.flags, "--data-dir="+filepath.Join(r.home, data))...)
	live.Eventually(t, "the server has a leader", func() bool {
		_, err := client.Get(t.Context(), "/", etcd.WithQuorum())
		return err == nil
	})
}
