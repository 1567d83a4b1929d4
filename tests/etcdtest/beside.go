package etcdtest

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// RunBeside runs another program beside a cluster, such as a proxy in front of it, until the test
// ends. It returns when the program accepts connections at addr, where nothing may listen before. On Linux the program is gone even
// when the test process was killed, if it starts no others.
func RunBeside(tb testing.TB, addr, binary string, args ...string) {
	tb.Helper()
	// A connection to addr proves nothing if somebody else listens there already.
	l, err := launch.Listen(addr)
	if err != nil {
		tb.Fatalf("etcdtest: run %s: its address is taken: %v", binary, err)
	}
	l.Close()
	dir, err := newWorkDir(os.TempDir())
	if err != nil {
		tb.Fatalf("etcdtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := dir.remove(); err != nil {
			tb.Error(err)
		}
	})
	log := filepath.Join(dir.path, "log")
	program, err := startProcess(binary, args, log)
	if err != nil {
		tb.Fatalf("etcdtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := program.Kill(); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", filepath.Base(binary), tail(log))
		}
	})
	err = poll(tb.Context(), func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err == nil {
			conn.Close()
		}
		if hasExited(program) { // then it was another one that listened
			return permanentError{errors.New("it has ended")}
		}
		return err
	})
	if err != nil {
		tb.Fatalf("etcdtest: %s: %v\n%s", binary, err, tail(log))
	}
}

// FreeAddr returns an address of 127.0.0.1 that no cluster is given until the test ends.
func FreeAddr(tb testing.TB) string {
	tb.Helper()
	port, err := reservePort()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { releasePort(port) })
	return loopback(port)
}
