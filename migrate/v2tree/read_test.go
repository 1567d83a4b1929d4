package v2tree_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/migrate/v2tree"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestReadsWhatIsThere(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		nodes := nodes()
		plant(t, c, nodes)
		for name, opts := range map[string]v2tree.ReadOptions{"by directory": {}, "at one index": {OneIndex: true}, "with quorum": {Quorum: true}} {
			opts.Hidden = seed.Hidden
			got := read(t, c, opts)
			equal(t, got, nodes)
			if !slices.IsSortedFunc(got, dump.Compare) {
				t.Errorf("%s, the nodes are not sorted", name)
			}
			for _, n := range got {
				if n.Created == 0 || n.Modified == 0 {
					t.Errorf("%s, %q has no indexes", name, n.Key)
				}
			}
			opts.Hidden = nil
			equal(t, read(t, c, opts), without(nodes, seed.Hidden...))
			opts.Hidden = []string{"_locks", "_hidden", "_other"}
			equal(t, read(t, c, opts), nodes)
		}
		equal(t, read(t, c, v2tree.ReadOptions{Root: "/odd/sess"}), within(nodes, "/odd/sess"))
		equal(t, read(t, c, v2tree.ReadOptions{Root: "/_locks"}), within(nodes, "/_locks"))
		equal(t, read(t, c, v2tree.ReadOptions{Root: "/odd/large"}), within(nodes, "/odd/large"))
		if _, err := v2tree.Open(t.Context(), c, v2tree.ReadOptions{Root: "/none"}); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Errorf("a root that does not exist: %v", err)
		}
	})
}

func within(nodes []dump.Node, root string) []dump.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n dump.Node) bool { return !dump.Within(n.Key, root) })
}

func TestGoesOnBehindAnyKey(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		nodes := seed.Nodes(0)
		plant(t, c, nodes)
		for i, n := range nodes {
			for _, key := range []string{n.Key, n.Key + "\x00"} { // the second one does not exist
				rest := nodes[i+1:]
				if got := read(t, c, v2tree.ReadOptions{Hidden: seed.Hidden, After: key}); !slices.Equal(keys(got), keys(rest)) {
					t.Fatalf("behind %q come %q, want %q", key, keys(got), keys(rest))
				}
			}
		}
	})
}

func TestHiddenKeysThatCannotBe(t *testing.T) {
	for hidden, root := range map[string]string{
		"/locks": "/", "locks": "/", "a/_locks": "/", "/b/_locks": "/a", "/_a/_b": "/", "/_a/b/_c": "/", "": "/",
	} {
		_, err := v2tree.Open(t.Context(), nil, v2tree.ReadOptions{Root: root, Hidden: []string{hidden}})
		if err == nil || !strings.Contains(err.Error(), "hidden") {
			t.Errorf("hidden %q below %q: %v", hidden, root, err)
		}
	}
}

func TestHiddenBelowHidden(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		nodes := []dump.Node{{Key: "/_a", Dir: true}, {Key: "/_a/_b", Dir: true}, {Key: "/_a/_b/c", Value: "1"}}
		plant(t, c, nodes)
		equal(t, read(t, c, v2tree.ReadOptions{Hidden: []string{"/_a", "/_a/_b", "/_a/_missing"}}), nodes)
		equal(t, read(t, c, v2tree.ReadOptions{Hidden: []string{"_a"}}), nodes[:1])
	})
}

// What is deleted behind the listing of its directory is left out, and what changes shows in the indexes.
func TestChangesMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		plant(t, c, []dump.Node{
			{Key: "/a", Value: "1"},
			{Key: "/b", Dir: true},
			{Key: "/b/x", Value: "1"},
			{Key: "/c", Dir: true},
			{Key: "/c/x", Value: "1"},
			{Key: "/d", Value: "1"},
		})
		tree, err := v2tree.Open(t.Context(), c, v2tree.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for n, err := range tree.Nodes(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, n.Key); n.Key == "/a" {
				for _, dir := range []string{"/b", "/c"} {
					if _, err := c.Delete(t.Context(), dir, etcd.WithRecursive()); err != nil {
						t.Fatal(err)
					}
				}
				plant(t, c, []dump.Node{{Key: "/c", Value: "a file now"}})
			}
		}
		if want := []string{"/a", "/b", "/c", "/d"}; !slices.Equal(got, want) {
			t.Errorf("the keys are %q, want %q", got, want)
		}
		if lowest, highest := tree.Indexes(); lowest != tree.Index() || highest != lowest+3 {
			t.Errorf("the indexes are %d and %d; the first is %d and three changes followed", lowest, highest, tree.Index())
		}
	})
}

// Etcd 3.5 without TLS takes no request line above 4 KiB, so a directory with such a name cannot be read by itself.
func TestLongNames(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	c := client(t, cluster.Endpoints()...)
	dir := "/" + strings.Repeat("d", 8<<10)
	nodes := []dump.Node{{Key: dir, Dir: true}, {Key: dir + "/f", Value: "1"}}
	plant(t, c, nodes)
	equal(t, read(t, c, v2tree.ReadOptions{}), nodes)
	equal(t, read(t, c, v2tree.ReadOptions{OneIndex: true}), nodes)
	newer := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)))
	counts, failed := write(t, client(t, newer.Endpoints()...), nodes, v2tree.WriteOptions{})
	if counts[v2tree.Failed] != 2 || !strings.Contains(failed[dir], "use a shorter key, or TLS") {
		t.Errorf("%v, %.1000q", counts, failed[dir])
	}
}

// A read without quorum leaves nothing in the log, which etcd 3.6 would refuse to start with; a read with quorum does.
func TestOnlyQuorumReadsEnterTheLog(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)))
	c := client(t, cluster.Endpoints()...)
	plant(t, c, []dump.Node{{Key: "/a", Dir: true}, {Key: "/a/b", Value: "1"}}) // without TTLs: these enter the log by themselves
	raftIndex := func() uint64 {
		resp, err := c.Get(t.Context(), "/")
		if err != nil {
			t.Fatal(err)
		}
		return resp.RaftIndex
	}
	before := raftIndex()
	for _, opts := range []v2tree.ReadOptions{{}, {OneIndex: true}, {Hidden: []string{"_x"}}} {
		read(t, c, opts)
	}
	if after := raftIndex(); after != before {
		t.Errorf("the reads moved the log from %d to %d", before, after)
	}
	read(t, c, v2tree.ReadOptions{Quorum: true})
	if after := raftIndex(); after == before {
		t.Error("quorum reads did not enter the log; they could be the default")
	}
}

// A member that lags answers with what was, or that there is nothing. Such answers are not used. A real member cannot be
// made to lag at will, so this one is a stub.
func TestAnswersFromBehindAreNotUsed(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("quorum") {
			t.Error("a read has quorum")
		}
		w.Header().Set("X-Etcd-Cluster-Id", "1")
		w.Header().Set("Content-Type", "application/json")
		index := 10 + requests.Add(1)
		behind := requests.Load()%3 != 0
		if behind {
			index = 5
		}
		w.Header().Set("X-Etcd-Index", fmt.Sprint(index))
		switch dir := strings.TrimPrefix(r.URL.Path, "/v2/keys"); {
		case behind && dir != "/":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"errorCode":100,"message":"Key not found","cause":%q,"index":%d}`, dir, index)
		case behind:
			fmt.Fprint(w, `{"action":"get","node":{"dir":true,"nodes":[{"key":"/old","value":"","modifiedIndex":1,"createdIndex":1}]}}`)
		case dir == "/":
			fmt.Fprint(w, `{"action":"get","node":{"dir":true,"nodes":[{"key":"/a","dir":true,"modifiedIndex":9,"createdIndex":9}]}}`)
		default:
			fmt.Fprint(w, `{"action":"get","node":{"key":"/a","dir":true,"modifiedIndex":9,"createdIndex":9,`+
				`"nodes":[{"key":"/a/b","value":"","modifiedIndex":10,"createdIndex":10}]}}`)
		}
	}))
	t.Cleanup(server.Close)
	c, err := etcd.New(etcd.Config{
		Endpoints:  []string{server.URL},
		HTTPClient: &http.Client{Transport: v2tree.WithoutQuorum(server.Client().Transport)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if got := keys(read(t, c, v2tree.ReadOptions{MinIndex: 10, Root: "/a"})); !slices.Equal(got, []string{"/a", "/a/b"}) {
		t.Errorf("the keys in /a are %q", got)
	}
	if got := keys(read(t, c, v2tree.ReadOptions{MinIndex: 10})); !slices.Equal(got, []string{"/a", "/a/b"}) {
		t.Errorf("the keys are %q", got)
	}
	_, err = v2tree.Open(t.Context(), c, v2tree.ReadOptions{MinIndex: 1 << 40, Patience: 10 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "the cluster has reached") {
		t.Errorf("a cluster that is behind for good: %v", err)
	}
}
