package sim

import (
	"fmt"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Flood sends so many requests for a key, one each time every has passed, as clients do that are not simulated. The method
// is PUT, or QGET for quorum reads. Flood hands them to the leader, and leaves out those for which there is none. It
// returns how many it has made.
func (c *Cluster) Flood(method, key string, n int, every time.Duration) (made int) {
	const atOnce = 8
	for ; n > 0; n -= atOnce {
		made += c.appendRequests(method, key, min(n, atOnce))
		time.Sleep(atOnce * every)
	}
	return made
}

// appendRequests hands the leader n requests at once, and returns how many.
func (c *Cluster) appendRequests(method, key string, n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.leader; l == nil || !l.runs() || c.closed {
		return 0
	}
	entries := make([]*entry, n)
	for i := range entries {
		c.flooded++ // or a restored cluster could have the same value at the same index
		entries[i] = &entry{request: pb.Request{Method: method, Path: key, Val: fmt.Sprint("flood ", c.flooded)}}
	}
	c.append(entries...)
	return n
}
