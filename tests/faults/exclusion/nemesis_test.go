//go:build unix

package exclusion_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
	"github.com/etcdv2/client/tests/internal/witness"
)

// fault breaks something for a while, and returns when it is mended.
type fault struct {
	name string
	do   func(a *arena, ctx context.Context) error
}

var faults = []fault{
	{"leader killed", (*arena).killLeader},
	{"member frozen", (*arena).freezeMember},
	{"all members frozen", (*arena).freezeAll},
	{"clients partitioned", (*arena).partition},
	{"replies dropped", (*arena).dropReplies},
	{"holder stopped", (*arena).stopHolder},
	{"unrelated writes", (*arena).flood},
	{"directory deleted", (*arena).deleteDirectory},
}

// restarts are faults of processes that take their own place over.
var restarts = []fault{
	{"holder killed and restarted", (*arena).restartHolder},
	{"holder stopped and replaced", (*arena).replaceHolder},
}

// torment goes through all faults, in changing order, until ctx ends. What was begun is mended, too.
func (a *arena) torment(ctx context.Context, faults []fault) {
	for ctx.Err() == nil {
		for _, i := range a.random.Perm(len(faults)) {
			rest(ctx, calm)
			if ctx.Err() != nil {
				return
			}
			a.count(faults[i].name)
			if err := faults[i].do(a, a.t.Context()); err != nil {
				a.t.Errorf("%s: %v", faults[i].name, err)
				return
			}
		}
	}
}

// while returns how long a fault lasts: some end before the TTL has run out, and some after.
func (a *arena) while() time.Duration { return ttl/4 + time.Duration(a.random.Int64N(int64(3*ttl/2))) }

// beyond returns a time in which a lock that is not kept alive is lost.
func (a *arena) beyond() time.Duration { return ttl + time.Second + a.while() }

func (a *arena) killLeader(ctx context.Context) error {
	leader, err := a.cluster.Leader(ctx)
	if err != nil {
		return err
	}
	if err := leader.Kill(); err != nil {
		return err
	}
	rest(ctx, a.while())
	return leader.Restart(ctx)
}

func (a *arena) freezeMember(ctx context.Context) error {
	members := a.cluster.Members()
	return freeze(ctx, a.while(), members[a.random.IntN(len(members))])
}

func (a *arena) freezeAll(ctx context.Context) error {
	return freeze(ctx, a.beyond(), a.cluster.Members()...)
}

func freeze(ctx context.Context, d time.Duration, members ...*etcdtest.Member) error {
	for _, m := range members {
		if err := m.Freeze(); err != nil {
			return err
		}
	}
	rest(ctx, d)
	for _, m := range members {
		if err := m.Thaw(); err != nil {
			return err
		}
	}
	return nil
}

// partition cuts a group of the contenders off from all members.
func (a *arena) partition(ctx context.Context) error {
	return a.cutOff(ctx, a.groups[a.random.IntN(len(a.groups))])
}

// cutHolder cuts off the group of the contender that was the last to say that it holds the lock, of those in
// this process.
func (a *arena) cutHolder(ctx context.Context) error {
	return a.cutOff(ctx, a.groups[a.history.lastHeld()%len(a.groups)])
}

func (a *arena) cutOff(ctx context.Context, g *group) error {
	how := []faultlink.Fault{faultlink.LoseAll, faultlink.LoseReplies, faultlink.ResetReplies}[a.random.IntN(3)]
	for _, link := range g.links {
		if err := link.Break(how); err != nil {
			return fmt.Errorf("%v: %w", how, err)
		}
	}
	rest(ctx, a.beyond())
	for _, link := range g.links {
		link.Heal()
	}
	return nil
}

// dropReplies makes half of the writes fail, most of them after they have been applied.
func (a *arena) dropReplies(ctx context.Context) error {
	plan := faultproxy.Writes(func() faultproxy.Fault {
		// Not the arena's own random numbers: the proxies ask at the same time.
		switch rand.IntN(8) {
		case 0:
			return faultproxy.DropReply
		case 1:
			return faultproxy.FailReply
		case 2:
			return faultproxy.DropRequest
		case 3:
			return faultproxy.Delay(rand.N(ttl), faultproxy.DropReply)
		}
		return faultproxy.Pass
	})
	for _, proxy := range a.proxies {
		proxy.Use(plan)
	}
	rest(ctx, a.while())
	for _, proxy := range a.proxies {
		proxy.Use(faultproxy.Always(faultproxy.Pass))
	}
	return nil
}

// stopHolder stops a process that holds the lock for longer than it can keep it.
func (a *arena) stopHolder(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if len(a.processes) == 0 {
		return nil
	}
	return a.processes[a.random.IntN(len(a.processes))].stopWhenHolding(ctx, a.beyond())
}

// flood writes other keys, more than the server remembers, or for as long as that takes on a slow machine.
func (a *arena) flood(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	leader, err := a.cluster.Leader(ctx)
	if err != nil {
		return err
	}
	flood := &witness.Flood{Endpoint: leader.URL(), Dir: "/exclusion/flood", Writers: 10, Sets: 500, Ledger: &witness.Ledger{}}
	if err := flood.Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}

func (a *arena) deleteDirectory(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	a.tellDeletion(func() (*etcd.Response, error) { return a.operator.Delete(ctx, a.lock, etcd.WithRecursive()) })
	return nil
}
