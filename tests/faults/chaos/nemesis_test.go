package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/faultproxy/faultlink"
)

const (
	faultLasts = 500 * time.Millisecond // on average
	calmLasts  = 200 * time.Millisecond // between two faults
)

// nemesis breaks one thing after the other, and mends each before the next.
type nemesis struct {
	*run
	cluster fronted
	links   []*faultlink.Link
	random  *rand.Rand
}

// fault is one way to break the cluster for a while. It returns when all is well again.
type fault struct {
	name string
	do   func(n *nemesis, ctx context.Context) error
}

var faults = []fault{
	{"leader killed", func(n *nemesis, ctx context.Context) error {
		leader, err := n.cluster.Leader(ctx)
		if err != nil {
			return err
		}
		return restart(ctx, leader, (*etcdtest.Member).Kill, n.while())
	}},
	{"member restarted", func(n *nemesis, ctx context.Context) error {
		return restart(ctx, n.member(), (*etcdtest.Member).Stop, n.while())
	}},
	{"member frozen", func(n *nemesis, ctx context.Context) error { return n.freeze(ctx, n.member()) }},
	{"leader frozen", func(n *nemesis, ctx context.Context) error {
		leader, err := n.cluster.Leader(ctx)
		if err != nil {
			return err
		}
		return n.freeze(ctx, leader)
	}},
	{"clients cut off", (*nemesis).cut},
	{"requests broken", (*nemesis).breakRequests},
}

// torment goes on until ctx ends, each kind of fault as often as the others, in changing order.
func (n *nemesis) torment(ctx context.Context) {
	for ctx.Err() == nil {
		for _, i := range n.random.Perm(len(faults)) {
			if !pace(ctx, calmLasts) {
				return
			}
			if err := n.strike(faults[i]); err != nil {
				n.t.Errorf("%s: %v", faults[i].name, err)
				return
			}
		}
	}
}

// strike does not heed the end of the test's time: what was begun is mended, too.
func (n *nemesis) strike(f fault) error {
	ctx, cancel := context.WithTimeout(n.t.Context(), restartLimit)
	defer cancel()
	n.count(f.name, 1)
	return f.do(n, ctx)
}

func (n *nemesis) member() *etcdtest.Member {
	members := n.cluster.Members()
	return members[n.random.IntN(len(members))]
}

// while returns for how long a fault lasts this time.
func (n *nemesis) while() time.Duration {
	return faultLasts/2 + time.Duration(n.random.Int64N(int64(faultLasts)))
}

func (n *nemesis) freeze(ctx context.Context, member *etcdtest.Member) error {
	if err := member.Freeze(); err != nil {
		return err
	}
	pace(ctx, n.while())
	return member.Thaw()
}

// cut breaks the link between one member and the clients that go through it.
func (n *nemesis) cut(ctx context.Context) error {
	breaks := []faultlink.Fault{
		faultlink.LoseRequests, faultlink.LoseReplies, faultlink.ResetRequests, faultlink.ResetReplies,
		faultlink.Latency(100 * time.Millisecond), faultlink.SlowClose(time.Second),
	}
	link, how := n.links[n.random.IntN(len(n.links))], breaks[n.random.IntN(len(breaks))]
	if err := link.Break(how); err != nil {
		return fmt.Errorf("%v: %w", how, err)
	}
	pace(ctx, n.while())
	link.Heal()
	return nil
}

// breakRequests makes a tenth of the writes that go through the proxies fail, before or after they
// are applied.
func (n *nemesis) breakRequests(ctx context.Context) error {
	n.cluster.use(faultproxy.Writes(func() faultproxy.Fault {
		// Not the nemesis's own random numbers: the proxies ask at the same time.
		switch rand.IntN(50) {
		case 0:
			return faultproxy.DropRequest
		case 1:
			return faultproxy.DropReply
		case 2:
			return faultproxy.CutReply
		case 3:
			return faultproxy.FailReply
		case 4:
			return faultproxy.Delay(200*time.Millisecond, faultproxy.GatewayTimeout)
		}
		return faultproxy.Pass
	}))
	pace(ctx, n.while())
	n.cluster.use(faultproxy.Always(faultproxy.Pass))
	return nil
}
