package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/tests/etcdtest"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

func cluster(t *testing.T, version etcdtest.Version) (*etcdtest.Cluster, string) {
	t.Helper()
	c := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, version)))
	return c, c.Endpoints()[0]
}

func connect(t *testing.T, endpoint string) *etcd.Client {
	t.Helper()
	c, err := etcd.New(etcd.Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func plant(t *testing.T, endpoint string, nodes []dump.Node) *etcd.Client {
	t.Helper()
	c := connect(t, endpoint)
	if err := seed.Plant(t.Context(), c, nodes); err != nil {
		t.Fatal(err)
	}
	return c
}

// etcd2 runs the command in this process, and fails the test if its exit code is another one.
func etcd2(t *testing.T, code int, args ...string) string {
	t.Helper()
	return etcd2With(t.Context(), t, code, args...)
}

func etcd2With(ctx context.Context, t *testing.T, code int, args ...string) string {
	t.Helper()
	var out buffer
	if got := run(ctx, args, streams{&out, &out}); got != code {
		t.Errorf("etcd2 %.300q exits with %d, want %d\n%s", args, got, code, out.String())
	}
	return out.String()
}

// A buffer can be written to by several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

func file(t *testing.T) string {
	return filepath.Join(t.TempDir(), "tree.jsonl")
}

func hidden(args ...string) []string {
	for _, key := range seed.Hidden {
		args = append(args, "--hidden", key)
	}
	return args
}

func TestHelp(t *testing.T) {
	contains(t, etcd2(t, 2), "Usage: etcd2")
	contains(t, etcd2(t, 2, "none"), `it has no command "none"`)
	contains(t, etcd2(t, 0, "--help"), "Exit codes")
	for _, c := range commands {
		contains(t, etcd2(t, 0, "help"), c.name, c.summary)
		contains(t, etcd2(t, 0, c.name, "--help"), "Usage: etcd2 "+c.name, "Flags:")
		etcd2(t, 2, c.name, "--no-such-flag")
	}
}

func TestCommandLines(t *testing.T) {
	for _, args := range [][]string{
		{"export"},
		{"export", "--from", "http://127.0.0.1:1"},
		{"export", "--from", "127.0.0.1", "--out", "x"},
		{"export", "--from", "http://127.0.0.1:1", "--out", "main.go"},
		{"export", "--from", "http://127.0.0.1:1", "--out", "x", "--root", "app/"},
		{"export", "--from", "http://127.0.0.1:1", "--out", "x", "y"},
		{"import", "x"},
		{"import", "--to", "http://127.0.0.1:1"},
		{"import", "--to", "http://127.0.0.1:1", "--to-v3", "http://127.0.0.1:1", "x"},
		{"import", "--to", "http://127.0.0.1:1", "--policy", "merge", "x"},
		{"import", "--to", "http://127.0.0.1:1", "--parallel", "0", "x"},
		{"verify", "x"},
	} {
		contains(t, etcd2(t, 2, args...), "see etcd2 "+args[0]+" --help")
	}
}
