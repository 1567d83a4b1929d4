package sim

import (
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
)

// Restore is a fault that clients notice, so AllFaults has it not: all members end, and start again with an older
// copy of the store, or with none. The index goes back. The ID of the cluster may be another.
const Restore Fault = "restore"

// restoreTime is how long that takes at least: processes end and start, and elect a leader.
const restoreTime = time.Second

// backupInterval is how often somebody makes a copy.
const backupInterval = time.Minute

// backUp makes a copy of the store now and then. The caller holds mu.
func (c *Cluster) backUp() {
	if l := c.leader; l != nil && l.runs() {
		c.backup = copied{l.process.save(), c.records[len(c.records)-1], c.term}
	}
	c.after(backupInterval, c.backUp)
}

// restore ends all members, and returns what starts them. The caller holds mu, also then.
func (c *Cluster) restore() (heal func()) {
	if c.down {
		return nil
	}
	c.down = true
	for _, m := range c.members {
		m.stop()
	}
	for _, timer := range []**time.Timer{&c.deposal, &c.campaign} {
		if *timer != nil {
			(*timer).Stop()
			*timer = nil
		}
	}
	c.leader = nil
	var copy copied
	if c.chance.Happens(0.7) {
		copy = c.backup
	}
	if c.chance.Happens(0.5) {
		c.id = types.ID(c.chance.Below(1<<62)) | 1<<62
	}
	return func() {
		c.down = false
		c.bootstrap(copy)
	}
}

// isDown reports whether the cluster is about to be restored.
func (c *Cluster) isDown() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down
}
