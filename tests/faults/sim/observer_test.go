package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// observer follows an election. It sees the leaders in the order of their terms, each once. It misses none, except
// when it has said that it reads the queue again. At the end it has seen the present one.
type observer struct {
	c    *contest
	name string

	mu       sync.Mutex
	reopened bool // since the last sight
	seen     []sight
}

// sight is a leader that was seen.
type sight struct {
	leader   election.Leader
	reopened bool   // the queue was read again since the one before
	at       string // by the clock
}

// Observe is told what the client does.
func (o *observer) Observe(event etcd.Event) {
	if _, ok := event.(locking.ObservationReopened); ok {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.reopened = true
		o.c.w.Count("reopened", 1)
	}
}

// observe follows the election until the run ends. An observer that leaves begins anew now and then.
func (c *contest) observe(name string, leaves bool) *observer {
	o := &observer{c: c, name: name}
	chance := c.w.Chance(name)
	elected := c.election(c.w.Client(name, etcd.Config{Observer: o}))
	c.w.Go(func(ctx context.Context) {
		for ctx.Err() == nil {
			o.mu.Lock()
			o.reopened = true
			o.mu.Unlock()
			begun := false
			for leader, err := range elected.Observe(ctx) {
				gateways := !begun && errors.Is(err, etcd.ErrNotSupported)
				if err != nil {
					if ctx.Err() == nil && !gateways || ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
						c.errorf("%s: %v", name, err)
					}
					break
				}
				begun = true
				o.see(leader)
				if leaves && chance.Happens(0.02) {
					break
				}
			}
		}
	})
	return o
}

// visit observes the election for moments, from one member after the other, which may be behind.
func (c *contest) visit(ctx context.Context, name string) *observer {
	o := &observer{c: c, name: name}
	chance, cluster := c.w.Chance(name), c.w.Cluster
	elected := c.election(c.w.Client(name, etcd.Config{Observer: o}))
	c.w.Go(func(context.Context) {
		for pause(ctx, chance.About(time.Second)) {
			at := Pick(chance, cluster.Peers())
			heals := []func(){at.suffer(memberFaults[Lag])}
			for _, m := range cluster.Peers() {
				if m != at {
					heals = append(heals, pathFaults[Refuse](cluster.net.path(name, m.Name())))
				}
			}
			o.mu.Lock()
			o.reopened = true
			o.mu.Unlock()
			visiting, cancel := context.WithTimeout(ctx, 3*time.Second)
			for leader, err := range elected.Observe(visiting) {
				if err != nil {
					break
				}
				o.see(leader)
				if chance.Happens(0.5) {
					break
				}
			}
			cancel()
			for _, heal := range heals {
				heal()
			}
		}
		o.mu.Lock()
		o.reopened = true
		o.mu.Unlock()
		for leader, err := range elected.Observe(c.w.ctx) {
			if err == nil {
				o.see(leader)
			}
		}
	})
	return o
}

func (o *observer) see(leader election.Leader) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.c.w.Count("seen", 1)
	if n := len(o.seen); n > 0 && o.seen[n-1].leader == leader && !o.reopened {
		o.c.errorf("%s sees %+v twice", o.name, leader)
	}
	o.seen = append(o.seen, sight{leader, o.reopened, time.Now().Format("04:05.000")})
	o.reopened = false
}

// hasSeen reports whether a leader is the last one that was seen.
func (o *observer) hasSeen(leader election.Leader) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.seen) > 0 && o.seen[len(o.seen)-1].leader == leader
}

// check compares what was seen with all who have led, and with what was between them.
func (o *observer) check(leaders []election.Leader) {
	possible := map[int]bool{-1: true} // where in leaders the last sight can have been
	for i, s := range o.seen {
		next := map[int]bool{}
		earliest := len(leaders)
		for at := range possible {
			earliest = min(earliest, at)
		}
		for at, leader := range leaders {
			if leader == s.leader && (s.reopened && at >= earliest || possible[at-1]) {
				next[at] = true
			}
		}
		if len(next) == 0 {
			o.c.errorf("%s sees %+v, which does not follow: it saw %v, and leaders have been %v", o.name, s.leader,
				o.seen[max(0, i-5):min(len(o.seen), i+5)], near(leaders, earliest))
			return
		}
		possible = next
	}
	if !possible[len(leaders)-1] {
		o.c.errorf("%s has not seen the present leader %+v: it saw %v", o.name, leaders[len(leaders)-1], o.seen[max(0, len(o.seen)-5):])
	}
}

// near returns those around a position.
func near(leaders []election.Leader, at int) string {
	return fmt.Sprint(leaders[max(0, at-2):min(len(leaders), at+8)])
}
