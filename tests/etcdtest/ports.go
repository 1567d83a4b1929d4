package etcdtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// Ports come from below the ranges that Linux (32768 and up) and macOS (49152
// and up) take for outgoing connections and for listeners on port 0: from there,
// any connection could take a stopped member's port before the member restarts.
const (
	firstPort = 20000
	lastPort  = 31999
	// blockSize is how many ports a process takes at a time. It uses all but the first.
	blockSize = 32
)

// A block is a range of ports that belongs to this process. The process listens on the first of them, the guard,
// which only one process on the machine can do, and which ends when the process does. So a port that is reserved for
// a stopped member is not given to a cluster of another process.
type block struct {
	guard net.Listener
	first int
	next  int // the one to try next; a port that was just released comes last
	taken map[int]bool
}

// owned holds the blocks of this process that have a port in use.
var owned struct {
	sync.Mutex
	blocks []*block
}

// reservePort returns a port of 127.0.0.1 that nothing listens on, and that no other
// cluster of this machine is given before releasePort.
func reservePort() (int, error) {
	owned.Lock()
	defer owned.Unlock()
	for _, b := range owned.blocks {
		if port, err := b.take(); port != 0 || err != nil {
			return port, err
		}
	}
	for _, i := range rand.Perm((lastPort - firstPort + 1) / blockSize) {
		first := firstPort + i*blockSize
		guard, err := net.Listen("tcp", loopback(first))
		if launch.InUse(err) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("etcdtest: reserve a port: %w", err)
		}
		b := &block{guard: guard, first: first, taken: map[int]bool{}}
		port, err := b.take()
		if port == 0 {
			guard.Close()
		}
		if err != nil {
			return 0, err
		}
		if port != 0 {
			owned.blocks = append(owned.blocks, b)
			return port, nil
		}
	}
	return 0, fmt.Errorf("etcdtest: reserve a port: all ports from %d to %d are taken", firstPort, lastPort)
}

// take returns a port of the block that nothing listens on, or 0 if it has none.
func (b *block) take() (int, error) {
	for range blockSize - 1 {
		port := b.first + 1 + b.next
		b.next = (b.next + 1) % (blockSize - 1)
		if b.taken[port] {
			continue
		}
		err := tryListen(loopback(port))
		if launch.InUse(err) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("etcdtest: reserve a port: %w", err)
		}
		b.taken[port] = true
		return port, nil
	}
	return 0, nil
}

func releasePort(port int) {
	owned.Lock()
	defer owned.Unlock()
	for i, b := range owned.blocks {
		if !b.taken[port] {
			continue
		}
		delete(b.taken, port)
		if len(b.taken) == 0 {
			b.guard.Close()
			owned.blocks = append(owned.blocks[:i], owned.blocks[i+1:]...)
		}
		return
	}
}

// tryListen returns why nobody could listen on addr now, or nil.
func tryListen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return l.Close()
}

func loopback(port int) string {
	return fmt.Sprintf("127.0.0.1:%d", port)
}
