package v3tree_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v3tree"
	"github.com/etcdv2/client/migrate/verify"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// again returns a function that returns the nodes each time.
func again(nodes []dump.Node) func() iter.Seq2[dump.Node, error] {
	return func() iter.Seq2[dump.Node, error] { return seq(nodes) }
}

// mapped returns a mapping of all keys to below prefix.
func mapped(t *testing.T, prefix string) v3tree.Mapping {
	m, err := v3tree.ParseMapping("/="+prefix+"rest/", "/app="+prefix+"app/")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sameAs checks what is in v3.
func sameAs(t *testing.T, client *clientv3.Client, m v3tree.Mapping, nodes []dump.Node, markers bool) {
	t.Helper()
	reader := v3tree.Reader{Client: client, Mapping: m, Page: 7, Leases: true}
	sum, err := verify.Compare(v3tree.Flatten(seq(nodes), markers), reader.Nodes(t.Context()), verify.Options{Tolerance: 3 * time.Second},
		func(d verify.Difference) { t.Error(d) })
	if err != nil {
		t.Fatal(err)
	}
	t.Log(sum)
}

func TestImport(t *testing.T) {
	client, prefix := server(t)
	m := mapped(t, prefix)
	names := []string{"/app/", "/app/x", "/app.b", "/app/empty/", "/app/lease/ 1h", "/app/lease/a", "/app/lease/b 2h", "/app/c 30m", "/z/"}
	for i := range 300 {
		names = append(names, fmt.Sprintf("/app/many-%03d", i))
	}
	nodes := tree(t, names...)
	nodes = append(nodes, dump.Node{Key: "/zz", Value: strings.Repeat("long", 300_000)}, dump.Node{Key: "/zzz", Value: "\xff\x00"})
	opts := v3tree.ImportOptions{Mapping: m, Markers: true, Source: "1", Checkpoint: prefix + "check"}
	report, err := v3tree.Import(t.Context(), client, again(nodes), opts)
	if err != nil {
		t.Fatal(err)
	}
	want := v3tree.ImportReport{Keys: 309, Leased: 3, Markers: 2}
	if report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	sameAs(t, client, m, nodes, true)
	if report, err = v3tree.Import(t.Context(), client, again(nodes), opts); err != nil || report.Resumed != want.Keys {
		t.Errorf("the second time: %+v, %v", report, err)
	}
	opts.Source = "2"
	if _, err = v3tree.Import(t.Context(), client, again(nodes), opts); !errors.Is(err, v3tree.ErrNotEmpty) {
		t.Errorf("another source: %v", err)
	}
}

func TestImportFindsMistakesFirst(t *testing.T) {
	client, prefix := server(t)
	m, err := v3tree.ParseMapping("/a="+prefix+"x/", "/b="+prefix+"x/")
	if err != nil {
		t.Fatal(err)
	}
	good := tree(t, "/a/k", "/b/l")
	for want, nodes := range map[error][]dump.Node{
		v3tree.ErrTooLarge: append(good, dump.Node{Key: "/b/long", Value: strings.Repeat("x", 3<<19)}),
		v3tree.ErrMapping:  append(good, tree(t, "/c")...),
	} {
		if _, err := v3tree.Import(t.Context(), client, again(nodes), v3tree.ImportOptions{Mapping: m, Checkpoint: prefix + "check"}); !errors.Is(err, want) {
			t.Errorf("want %v, got %v", want, err)
		}
	}
	if _, err := v3tree.Import(t.Context(), client, again(tree(t, "/a/k", "/b/k")), v3tree.ImportOptions{Mapping: m}); !errors.Is(err, v3tree.ErrMapping) || !strings.Contains(err.Error(), `"/a/k" and "/b/k"`) {
		t.Errorf("a collision: %v", err)
	}
	opts := v3tree.ImportOptions{Mapping: m, DryRun: true}
	if report, err := v3tree.Import(t.Context(), client, again(good), opts); err != nil || report.Keys != 2 {
		t.Errorf("a dry run: %+v, %v", report, err)
	}
	if resp, err := client.Get(t.Context(), prefix, clientv3.WithPrefix()); err != nil || resp.Count > 0 {
		t.Errorf("written all the same: %v, %v", resp, err)
	}
}

// An import that is broken off after each transaction writes everything once.
func TestImportResumes(t *testing.T) {
	client, prefix := server(t)
	m := mapped(t, prefix)
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("/app/k%02d", i), fmt.Sprintf("/app/ttl%02d %dm", i, 10+i))
	}
	nodes := tree(t, names...)
	opts := v3tree.ImportOptions{Mapping: m, Source: "1", Checkpoint: prefix + "check", Limits: v3tree.Limits{Ops: 9}}
	runs := 0
	for ; ; runs++ {
		ctx, cancel := context.WithCancel(t.Context())
		opts.Progress = func(v3tree.ImportReport) { cancel() }
		report, err := v3tree.Import(ctx, client, again(nodes), opts)
		cancel()
		if err == nil {
			if report.Keys != 80 || report.Leased != 40 {
				t.Errorf("report %+v", report)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if runs < 10 {
		t.Errorf("it was broken off %d times", runs)
	}
	sameAs(t, client, m, nodes, false)
	resp, err := client.Get(t.Context(), prefix, clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range resp.Kvs {
		if kv.Version != 1 && string(kv.Key) != opts.Checkpoint {
			t.Errorf("%s was written %d times", kv.Key, kv.Version)
		}
	}
}

// The chain lets one process write only.
func TestChainFences(t *testing.T) {
	client, prefix := server(t)
	open := func() *v3tree.Chain {
		chain, _, err := v3tree.OpenChain(t.Context(), client, prefix+"check", new(string))
		if err != nil {
			t.Fatal(err)
		}
		return chain
	}
	first, second := open(), open()
	if err := first.Commit(t.Context(), []clientv3.Op{clientv3.OpPut(prefix+"k", "1")}, "one"); err != nil {
		t.Fatal(err)
	}
	if err := second.Commit(t.Context(), []clientv3.Op{clientv3.OpPut(prefix+"k", "2")}, "two"); !errors.Is(err, v3tree.ErrFenced) {
		t.Errorf("the one that was late: %v", err)
	}
	third := open()
	if err := third.Commit(t.Context(), nil, "three"); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(t.Context(), []clientv3.Op{clientv3.OpDelete(prefix + "k")}, "four"); !errors.Is(err, v3tree.ErrFenced) {
		t.Errorf("the one that was overtaken: %v", err)
	}
	if resp, err := client.Get(t.Context(), prefix+"k"); err != nil || string(resp.Kvs[0].Value) != "1" {
		t.Errorf("%v, %v", resp, err)
	}
}

func TestChainRefusesWhatIsNotACheckpoint(t *testing.T) {
	client, prefix := server(t)
	for _, text := range []string{"", "x", "{}", `{"run":"a","state":"no number"}`} {
		if _, err := client.Put(t.Context(), prefix+"check", text); err != nil {
			t.Fatal(err)
		}
		if _, _, err := v3tree.OpenChain(t.Context(), client, prefix+"check", new(int)); err == nil {
			t.Errorf("%q counts as a checkpoint", text)
		}
	}
}

func TestImportKeepsToARate(t *testing.T) {
	client, prefix := server(t)
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("/app/k%02d", i))
	}
	opts := v3tree.ImportOptions{Mapping: mapped(t, prefix), Checkpoint: prefix + "check", Limits: v3tree.Limits{Ops: 11}, Rate: 100}
	began := time.Now()
	if _, err := v3tree.Import(t.Context(), client, again(tree(t, names...)), opts); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("30 keys at 100 a second took %v", took)
	}
}
