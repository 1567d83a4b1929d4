package v2tree_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/migrate/v2tree"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
)

func TestWritesWhatWasRead(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		nodes := nodes()
		for _, policy := range []v2tree.Policy{v2tree.Skip, v2tree.Overwrite, v2tree.Compare} {
			clear(t, c)
			counts, failed := write(t, c, nodes, v2tree.WriteOptions{Policy: policy, DryRun: true})
			if want := (v2tree.Counts{v2tree.Created: len(nodes)}); counts != want || len(failed) > 0 {
				t.Errorf("policy %d, dry run: %v, failed %v", policy, counts, failed)
			}
			if got := read(t, c, v2tree.ReadOptions{Hidden: seed.Hidden}); len(got) > 0 {
				t.Errorf("the dry run wrote %q", keys(got))
			}
			counts, failed = write(t, c, nodes, v2tree.WriteOptions{Policy: policy})
			if want := (v2tree.Counts{v2tree.Created: len(nodes)}); counts != want || len(failed) > 0 {
				t.Errorf("policy %d: %v, failed %v", policy, counts, failed)
			}
			equal(t, read(t, c, v2tree.ReadOptions{Hidden: seed.Hidden}), nodes)
		}
	})
}

func clear(t *testing.T, c *etcd.Client) {
	t.Helper()
	for _, key := range []string{"/_locks", "/odd", "/odd!", "/tree"} {
		if _, err := c.Delete(t.Context(), key, etcd.WithRecursive()); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Fatal(err)
		}
	}
}

// A second run is how an import is resumed: it finds what is there.
func TestPolicies(t *testing.T) {
	hour := time.Now().Add(time.Hour)
	there := []dump.Node{
		{Key: "/different", Value: "theirs"},
		{Key: "/dir", Dir: true},
		{Key: "/equal", Value: "same"},
		{Key: "/file", Value: "a file"},
		{Key: "/folder", Dir: true},
		{Key: "/permanent", Value: "same"},
		{Key: "/session", Dir: true},
		{Key: "/ttl", Value: "same", Expires: hour},
	}
	nodes := []dump.Node{
		{Key: "/different", Value: "ours"},
		{Key: "/dir", Dir: true},
		{Key: "/dir/new", Value: "ours"},
		{Key: "/equal", Value: "same"},
		{Key: "/file", Dir: true},
		{Key: "/file/inside", Value: "cannot be"},
		{Key: "/folder", Value: "a file"},
		{Key: "/permanent", Value: "same", Expires: hour},
		{Key: "/session", Dir: true, Expires: hour},
		{Key: "/ttl", Value: "same", Expires: hour.Add(time.Second)},
	}
	const made, repl, same, kept, fail = v2tree.Created, v2tree.Replaced, v2tree.Equal, v2tree.Kept, v2tree.Failed
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		version, err := c.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		session := repl
		if strings.HasPrefix(version.Server, "3.5") {
			session = fail // it cannot change the TTL of a directory
		}
		for _, test := range []struct {
			policy   v2tree.Policy
			outcomes []v2tree.Outcome
		}{
			{v2tree.Skip, []v2tree.Outcome{kept, kept, made, kept, kept, fail, kept, kept, kept, kept}},
			{v2tree.Overwrite, []v2tree.Outcome{repl, same, made, repl, fail, fail, fail, repl, session, repl}},
			{v2tree.Compare, []v2tree.Outcome{repl, same, made, same, fail, fail, fail, repl, session, same}},
		} {
			for _, dry := range []bool{true, false} {
				for _, n := range there {
					if _, err := c.Delete(t.Context(), n.Key, etcd.WithRecursive()); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
						t.Fatal(err)
					}
				}
				plant(t, c, there)
				got := map[string]v2tree.Outcome{}
				_, err := v2tree.Write(t.Context(), c, seq(nodes), v2tree.WriteOptions{
					Policy: test.policy, DryRun: dry, Report: func(n dump.Node, outcome v2tree.Outcome, _ error) { got[n.Key] = outcome },
				})
				if err != nil {
					t.Fatal(err)
				}
				for i, n := range nodes {
					want := test.outcomes[i]
					if dry && n.Key == "/session" && want == fail {
						want = repl // only a write shows it
					}
					if got[n.Key] != want {
						t.Errorf("policy %d, dry run %t: %q is %d, want %d", test.policy, dry, n.Key, got[n.Key], want)
					}
				}
			}
		}
	})
}

// Whatever happens to replies, and to requests, what is in the target is right, and so are the counts.
func TestLostReplies(t *testing.T) {
	faults := []faultproxy.Fault{
		faultproxy.Pass, faultproxy.Pass, faultproxy.DropReply, faultproxy.DropRequest, faultproxy.CutReply,
		faultproxy.FailReply, faultproxy.GatewayTimeout,
	}
	each(t, func(t *testing.T, cluster *etcdtest.Cluster, c *etcd.Client) {
		proxy := faultproxy.New(t, cluster.Members()[0].URL())
		proxy.Use(faultproxy.Writes(func() faultproxy.Fault { return faults[rand.IntN(len(faults))] }))
		nodes := nodes()
		for _, policy := range []v2tree.Policy{v2tree.Skip, v2tree.Overwrite, v2tree.Compare} {
			clear(t, c)
			counts, failed := write(t, client(t, proxy.URL()), nodes, v2tree.WriteOptions{Policy: policy})
			if counts[v2tree.Created]+counts[v2tree.Replaced]+counts[v2tree.Equal] != len(nodes) || len(failed) > 0 {
				t.Errorf("policy %d: %v of %d, failed %v", policy, counts, len(nodes), failed)
			}
			if policy == v2tree.Skip && counts[v2tree.Created] != len(nodes) {
				t.Errorf("policy %d: %v, want all %d created", policy, counts, len(nodes))
			}
			equal(t, read(t, c, v2tree.ReadOptions{Hidden: seed.Hidden}), nodes)
			clear(t, c)
		}
	})
}

// With Compare, a change that somebody else makes between the read and the write stays.
func TestCompareKeepsChangesOfOthers(t *testing.T) {
	each(t, func(t *testing.T, cluster *etcdtest.Cluster, c *etcd.Client) {
		for _, fault := range []faultproxy.Fault{faultproxy.Pass, faultproxy.DropRequest, faultproxy.DropReply} {
			plant(t, c, []dump.Node{{Key: "/a", Value: "old"}})
			if _, err := c.Delete(t.Context(), "/b"); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
				t.Fatal(err)
			}
			proxy := faultproxy.New(t, cluster.Members()[0].URL())
			var mu sync.Mutex
			writes := 0
			proxy.Use(faultproxy.Writes(func() faultproxy.Fault {
				mu.Lock()
				defer mu.Unlock()
				if writes++; writes == 1 { // before the first write arrives, somebody else writes both
					plant(t, c, []dump.Node{{Key: "/a", Value: "theirs"}, {Key: "/b", Value: "theirs"}})
				}
				return fault
			}))
			nodes := []dump.Node{{Key: "/a", Value: "ours"}, {Key: "/b", Value: "ours"}}
			for _, n := range nodes {
				mu.Lock()
				writes = 0
				mu.Unlock()
				if n.Key == "/b" {
					if _, err := c.Delete(t.Context(), "/b"); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				counts, err := v2tree.Write(ctx, client(t, proxy.URL()), seq([]dump.Node{n}), v2tree.WriteOptions{Policy: v2tree.Compare})
				cancel()
				if err != nil || counts[v2tree.Failed] != 1 {
					t.Errorf("%v: %q: %v, %v, want it Failed", fault, n.Key, counts, err)
				}
				if resp, err := c.Get(t.Context(), n.Key); err != nil || resp.Node.Value != "theirs" {
					t.Errorf("%v: %q is %v (%v), want theirs", fault, n.Key, resp, err)
				}
			}
		}
	})
}

func TestExpiredIsNotWritten(t *testing.T) {
	past, soon, hour := time.Now().Add(-time.Second), time.Now().Add(time.Second), time.Now().Add(time.Hour)
	nodes := []dump.Node{
		{Key: "/a", Value: "expired", Expires: past},
		{Key: "/d", Dir: true, Expires: past},
		{Key: "/d.x", Value: "beside it"},
		{Key: "/d/x", Value: "in an expired directory", Expires: hour},
		{Key: "/e", Dir: true, Expires: hour},
		{Key: "/e/f", Dir: true, Expires: soon},
		{Key: "/e/f/x", Value: "so near to the end that it may arrive behind it"},
		{Key: "/e/x", Value: "1"},
	}
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		counts, failed := write(t, c, nodes, v2tree.WriteOptions{})
		if counts[v2tree.Expired] < 4 || len(failed) > 0 {
			t.Errorf("%v, failed %v", counts, failed)
		}
		got := without(read(t, c, v2tree.ReadOptions{}), "/e/f") // which may have expired by now
		equal(t, got, []dump.Node{nodes[2], nodes[4], nodes[7]})
	})
}

func TestRefusedNodesDoNotStopOthers(t *testing.T) {
	each(t, func(t *testing.T, _ *etcdtest.Cluster, c *etcd.Client) {
		counts, failed := write(t, c, []dump.Node{{Key: "/a", Value: "\xff"}, {Key: "/b", Value: "1"}}, v2tree.WriteOptions{})
		if counts[v2tree.Created] != 1 || !strings.Contains(failed["/a"], "UTF-8") {
			t.Errorf("%v, failed %v", counts, failed)
		}
	})
}

// An error of the sequence, and a cluster that does not answer, end the run.
func TestEnds(t *testing.T) {
	broken := errors.New("broken")
	each(t, func(t *testing.T, cluster *etcdtest.Cluster, c *etcd.Client) {
		counts, err := v2tree.Write(t.Context(), c, func(yield func(dump.Node, error) bool) {
			if yield(dump.Node{Key: "/a"}, nil) {
				yield(dump.Node{}, broken)
			}
		}, v2tree.WriteOptions{})
		if !errors.Is(err, broken) || counts[v2tree.Created] != 1 {
			t.Errorf("%v, %v", counts, err)
		}
		if err := cluster.Members()[0].Stop(); err != nil {
			t.Fatal(err)
		}
		nodes := []dump.Node{{Key: "/b", Dir: true}, {Key: "/b/c", Value: "1"}, {Key: "/d", Value: "1"}}
		_, err = v2tree.Write(t.Context(), c, seq(nodes), v2tree.WriteOptions{Patience: 50 * time.Millisecond})
		if !etcd.Retryable(err) {
			t.Errorf("nothing answers: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = v2tree.Write(ctx, c, seq(nodes), v2tree.WriteOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that is done: %v", err)
		}
	})
}
