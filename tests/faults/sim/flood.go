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
	for i := range n {
		c.mu.Lock()
		if l := c.leader; l != nil && l.runs() && !c.closed {
			c.flooded++ // or a restored cluster could have the same value at the same index
			c.append(&entry{request: pb.Request{Method: method, Path: key, Val: fmt.Sprint("flood ", c.flooded)}})
			made++
		}
		c.mu.Unlock()
		if i%atOnce == 0 {
			time.Sleep(atOnce * every)
		}
	}
	return made
}
