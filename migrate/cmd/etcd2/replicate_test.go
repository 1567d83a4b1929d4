package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestReplicate(t *testing.T) {
	_, from := cluster(t, etcdtest.Etcd35)
	_, to := cluster(t, etcdtest.Etcd36)
	source := plant(t, from, []dump.Node{{Key: "/app", Dir: true}, {Key: "/app/a", Value: "1"}, {Key: "/app/empty", Dir: true}})
	if _, err := source.Set(t.Context(), "/app/ttl", "2", etcd.WithTTL(time.Hour)); err != nil {
		t.Fatal(err)
	}
	flags := []string{"replicate", "--from", from, "--to-v3", to, "--map", "/=x/", "--markers", "--grace", "10ms", "--linger", "10ms"}
	with := func(more ...string) []string { return append(flags[:len(flags):len(flags)], more...) }

	if out := etcd2(t, 0, with("--dry-run")...); !strings.Contains(out, `"/app/empty/"`) || !strings.Contains(out, "3 missing") {
		t.Errorf("a dry run prints\n%s", out)
	}
	if _, err := source.Get(t.Context(), "/_etcd2/replicate/default/marker"); err == nil {
		t.Error("the dry run has written")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	etcd2With(ctx, t, 3, with("--every", "100ms")...) // until it is interrupted
	if !testing.Short() {
		if out := etcd2(t, 0, with("--rehearse")...); !strings.Contains(out, "3 nodes equal, 0 differences; 1 keys expire") {
			t.Errorf("a rehearsal prints\n%s", out)
		}
	}
	etcd2(t, 0, with("--abort")...) // of nothing
	if out := etcd2(t, 0, with("--cut-over")...); !strings.Contains(out, "3 nodes equal, 0 differences; 1 keys expire") {
		t.Errorf("the cut-over prints\n%s", out)
	}
	etcd2(t, 0, "verify", "--map", "/=x/", "--markers", from, "v3:"+to)
	etcd2(t, 0, with("--cut-over")...)
	etcd2(t, 3, flags...)
}

func TestReplicateUsage(t *testing.T) {
	for _, args := range [][]string{
		{"replicate"},
		{"replicate", "--from", "http://a", "--to", "http://b", "--to-v3", "http://c"},
		{"replicate", "--from", "http://a", "--to", "http://b", "--cut-over", "--rehearse"},
		{"replicate", "--from", "http://a", "--to-v3", "http://b", "--leave-out"},
		{"replicate", "--from", "http://a", "--to", "http://b", "--dir", "app"},
	} {
		etcd2(t, 2, args...)
	}
}
