package etcdtest_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/etcdtest/internal/suite"
)

// While a member is stopped, another cluster gets its port. Then the member does not serve, whoever answers there.
func TestRestartBesideAnotherCluster(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			t.Parallel()
			binary := etcdtest.WithBinary(etcdtest.Build(t, v))
			mine := etcdtest.Start(t, binary).Members()[0]
			if err := mine.Stop(); err != nil {
				t.Fatal(err)
			}
			addr := strings.TrimPrefix(mine.URL(), "http://")
			etcdtest.Start(t, binary, etcdtest.WithClientAddr(addr))
			err := mine.Restart(t.Context())
			if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), addr) {
				t.Errorf("Restart: %v, want that %s is in use", err, addr)
			}
			if err := mine.Freeze(); err == nil {
				t.Error("a member that has ended was frozen")
			}
		})
	}
}

// So it is if the port for peers is taken, which the members of this cluster ask who is there.
func TestRestartBesideAnotherServer(t *testing.T) {
	mine := etcdtest.Start(t).Members()[0]
	if err := mine.Stop(); err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimPrefix(mine.PeerURL(), "http://")
	theirs, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	if err := mine.Restart(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), addr) {
		t.Errorf("Restart: %v, want that %s is in use", err, addr)
	}
}

func TestNothingStartsAfterClose(t *testing.T) {
	cluster, err := etcdtest.New(t.Context(), etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23)))
	if err != nil {
		t.Fatal(err)
	}
	member := cluster.Members()[0]
	if err := cluster.Close(); err != nil {
		t.Fatal(err)
	}
	if err := member.Restart(t.Context()); err == nil {
		t.Error("a member of a closed cluster was started")
	}
	if err := cluster.Restart(t.Context()); err == nil {
		t.Error("a closed cluster was started")
	}
	if m, err := cluster.NewMember(); err == nil {
		t.Errorf("a closed cluster got member %s", m.Name())
	}
	suite.Refused(t, member.URL())
}

// The programs stand for etcd binaries that do not start.
func TestFailedStartTellsWhy(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"hangs":          {"echo the disk is full, waiting for space; exec sleep 60", "the disk is full"},
		"ends":           {"echo no such flag; exit 2", "no such flag"},
		"another in use": {"echo metrics listener 127.0.0.1:2381: address already in use; exit 1", "127.0.0.1:2381"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := etcdtest.New(ctx, etcdtest.WithBinary(script(t, "[ \"$1\" = --version ] && { echo etcd Version: 3.5.0; exit; }\n"+test.script)))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "%!") {
				t.Fatalf("New: %v, want %q in it", err, test.want)
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("an address that is not the member's is taken for its own: %v", err)
			}
		})
	}
	t.Run("tells no version", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := etcdtest.New(ctx, etcdtest.WithBinary(script(t, "exec sleep 60"))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("New: %v", err)
		}
	})
}
