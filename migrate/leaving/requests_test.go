package leaving_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/migrate/internal/entries"
)

// quiet are requests that leave no entry in the log of an etcd 3.5 that serves v2.
var quiet = []string{
	"GET /version",
	"GET /metrics",
	"GET /v2/machines",
	"GET /v2/members",
	"GET /v2/members/leader",
	"GET /v2/stats/self",
	"GET /v2/stats/store",
	"GET /v2/stats/leader",
	"GET /v2/keys/?recursive=true",
	"GET /v2/keys/none",
	"HEAD /v2/keys/?quorum=true", // the server passes over quorum
	"GET /v2/auth/enable",
	"GET /v2/auth/users",
	"GET /v2/auth/roles",
	"POST /v3/maintenance/status {}",
	`POST /v3/kv/range {"key":"AA=="}`, // linearizable
	`POST /v3/kv/range {"key":"AA==","serializable":true}`,
}

// quietAtMetrics are such requests to the URL of --listen-metrics-urls, where /health reads v3.
var quietAtMetrics = []string{
	"GET /metrics",
	"GET /health",
	"GET /health?serializable=true",
	"GET /livez",
	"GET /readyz",
}

// loud are requests that leave one, though the writes are refused.
var loud = []string{
	"GET /health",
	"GET /health?serializable=true",
	"GET /v2/keys/?quorum=true",
	"GET /v2/keys/none?quorum=true",
	"GET /v2/keys/?wait=true&quorum=true", // it does not wait
	"PUT /v2/keys/none?prevExist=true&value=1",
	"DELETE /v2/keys/none",
}

func TestRequestsThatLeaveAnEntry(t *testing.T) {
	t.Parallel()
	server := entries.Start(t)
	client := connect(t, server.URL)
	ctx := t.Context()
	try := func(name string, leaves bool, call func() error) {
		t.Helper()
		before := entries.Index(t, server.URL)
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after := entries.Index(t, server.URL); (after > before) != leaves {
			t.Errorf("%s: the log grows from %d to %d, want an entry: %t", name, before, after, leaves)
		}
	}

	for _, request := range quiet {
		try(request, false, func() error { return send(ctx, server.URL, request) })
	}
	for _, request := range quietAtMetrics {
		try(request, false, func() error { return send(ctx, server.MetricsURL, request) })
	}
	for name, call := range map[string]func() error{
		"Get":        func() error { _, err := client.Get(ctx, "/", etcd.WithRecursive()); return err },
		"Exists":     func() error { _, err := client.Exists(ctx, "/none"); return err },
		"Version":    func() error { _, err := client.Version(ctx); return err },
		"Members":    func() error { _, err := client.Members(ctx); return err },
		"Leader":     func() error { _, err := client.Leader(ctx); return err },
		"StoreStats": func() error { _, err := client.StoreStats(ctx); return err },
		"Watch":      func() error { return watch(ctx, client) },
		"Mirror":     func() error { return mirror(ctx, client) }, // its first read is not a quorum read
	} {
		try(name, false, call)
	}
	if err := entries.Check(t, server.DataDir); err != nil {
		t.Errorf("after requests that leave no entry: %v", err)
	}

	for _, request := range loud {
		try(request, true, func() error { return send(ctx, server.URL, request) })
	}
	for name, call := range map[string]func() error{
		"Health": func() error { _, err := client.Health(ctx); return err },
		"Get":    func() error { _, err := client.Get(ctx, "/", etcd.WithQuorum()); return err },
		"Do": func() error {
			return locking.Do(ctx, locking.NewMutex(client, "/lock"), func(context.Context, *locking.Lock) error { return nil })
		},
	} {
		try(name, true, call)
	}
	if err := entries.Check(t, server.DataDir); err == nil {
		t.Error("the check finds no entry after requests that leave one")
	}
}

// Without a request, too: as long as a key has a TTL, the leader writes an entry twice a second.
func TestKeysWithATTLLeaveEntries(t *testing.T) {
	t.Parallel()
	server := entries.Start(t)
	if _, err := connect(t, server.URL).Set(t.Context(), "/_hidden", "1", etcd.WithTTL(time.Hour)); err != nil {
		t.Fatal(err)
	}
	growing(t, server.URL)
}

// growing waits until the log has grown by several entries that nobody asked for.
func growing(t *testing.T, url string) {
	t.Helper()
	before := entries.Index(t, url)
	entries.Eventually(t, func() error {
		if after := entries.Index(t, url); after < before+3 {
			return errNotYet
		}
		return nil
	})
}

// watch opens a watch that brings nothing.
func watch(ctx context.Context, client *etcd.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if _, err := client.WatchOnce(ctx, "/none"); ctx.Err() == nil {
		return err
	}
	return nil
}

// mirror makes a mirror and closes it.
func mirror(ctx context.Context, client *etcd.Client) error {
	m, err := client.Mirror(ctx, "/")
	if err == nil {
		m.Close()
	}
	return err
}

// send sends "METHOD target" or "METHOD target body". A refusal is an answer, too.
func send(ctx context.Context, endpoint, request string) error {
	parts := append(strings.SplitN(request, " ", 3), "")
	req, err := http.NewRequestWithContext(ctx, parts[0], endpoint+parts[1], strings.NewReader(parts[2]))
	if err != nil {
		return err
	}
	req.Close = true // no connection is left when the test ends
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func connect(t *testing.T, endpoints ...string) *etcd.Client {
	t.Helper()
	client, err := etcd.New(etcd.Config{Endpoints: endpoints})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}
