package etcdtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports come from below the ranges that Linux (32768 and up) and macOS (49152
// and up) take for outgoing connections and for listeners on port 0: from there,
// any connection could take a stopped member's port before the member restarts.
const (
	firstPort = 20000
	lastPort  = 31999
)

// reserved holds the ports of this process's living clusters, those of stopped
// members included.
var reserved = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// reservePort returns a port of 127.0.0.1 that nothing listens on and no other
// cluster of this process will be given before releasePort. Another process may
// still take it; the start of a cluster is then tried again with other ports.
func reservePort() (int, error) {
	reserved.Lock()
	defer reserved.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if reserved.ports[port] || !isFree(loopback(port)) {
			continue
		}
		reserved.ports[port] = true
		return port, nil
	}
	return 0, errors.New("etcdtest: no free port found on 127.0.0.1")
}

func releasePort(port int) {
	reserved.Lock()
	defer reserved.Unlock()
	delete(reserved.ports, port)
}

func isFree(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func loopback(port int) string {
	return fmt.Sprintf("127.0.0.1:%d", port)
}
