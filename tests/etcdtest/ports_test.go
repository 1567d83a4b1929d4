package etcdtest

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

func TestReservePort(t *testing.T) {
	seen := map[int]bool{}
	for range 200 {
		port := mustReserve(t)
		if seen[port] {
			t.Fatalf("port %d was given twice", port)
		}
		if port < firstPort || port > lastPort {
			t.Fatalf("port %d is out of range", port)
		}
		seen[port] = true
	}
}

func mustReserve(t *testing.T) int {
	t.Helper()
	port, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { releasePort(port) })
	return port
}

// The process owns the block of a port that it has reserved: no other can listen on the guard.
func TestBlocksAreGuarded(t *testing.T) {
	guard := ""
	t.Run("reserved", func(t *testing.T) {
		port := mustReserve(t)
		guard = loopback(port - (port-firstPort)%blockSize)
		if err := tryListen(guard); !launch.InUse(err) {
			t.Errorf("listening on the guard %s of port %d: %v", guard, port, err)
		}
	})
	owned.Lock()
	defer owned.Unlock()
	if !slices.ContainsFunc(owned.blocks, func(b *block) bool { return b.guard.Addr().String() == guard }) {
		if err := tryListen(guard); err != nil {
			t.Errorf("the guard is left: %v", err)
		}
	}
}

// A port on which somebody listens is passed over, and others are given in turn, so that one that was just released
// is not somebody else's at once.
func TestPortsInTurn(t *testing.T) {
	guard, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	first := guard.Addr().(*net.TCPAddr).Port
	b := &block{guard: guard, first: first, taken: map[int]bool{}}
	before := 0
	for range 3 {
		port, err := b.take()
		if err != nil || port <= before || port >= first+blockSize {
			t.Fatalf("after port %d of the block at %d comes %d, %v", before, first, port, err)
		}
		delete(b.taken, port)
		before = port
	}
	taken, err := net.Listen("tcp", loopback(before+1))
	if err != nil {
		t.Skip("somebody has the next port")
	}
	defer taken.Close()
	if port, err := b.take(); port == before+1 || err != nil {
		t.Errorf("a taken port was given: %d, %v", port, err)
	}
}

func TestAddrInUse(t *testing.T) {
	for err, want := range map[error]bool{
		nil:                                     false,
		syscall.EADDRINUSE:                      true,
		&net.OpError{Err: syscall.Errno(10048)}: true,
		syscall.EMFILE:                          false,
		errors.New("address already in use"):    false,
	} {
		if launch.InUse(err) != want {
			t.Errorf("%v is an address in use: %t", err, !want)
		}
	}
}
