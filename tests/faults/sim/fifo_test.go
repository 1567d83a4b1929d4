package sim

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// TestFIFO: contenders get a mutex in the order of their tokens, and those that give up leave nothing behind. All
// clocks agree, so that a deadline can be compared with the cluster to the microsecond. The guarantees are listed at
// contest.
func TestFIFO(t *testing.T) {
	options := Options{Every: time.Second, Longest: 15 * time.Second, Whole: 0.6}
	run(t, "fifo", options, func(w *World) {
		c := newContest(w, "/locks/fifo", 5*time.Second, alone)
		newContender := func(_ int, name string) *contender {
			return &contender{
				name: name, client: w.Client(name, etcd.Config{}), chance: w.Chance(name), hold: 500 * time.Millisecond, patient: 0.6,
				lock: func(client *etcd.Client, options ...locking.Option) acquirer {
					return locking.NewMutex(client, c.dir, options...)
				},
			}
		}
		c.disturbed(several("c", 6, newContender))
		c.calmly(8, several("fresh", 5, newContender))
		c.isGone()
	})
}

// disturbed has contenders compete while there are faults, and checks what is left of them afterwards.
func (c *contest) disturbed(contenders []*contender) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var competing sync.WaitGroup
	for _, by := range contenders {
		competing.Go(func() { c.compete(ctx, by) })
	}
	c.w.Disturb()
	c.everyoneGetsIn(contenders)
	cancel()
	competing.Wait()
	c.becomesEmpty()
}
