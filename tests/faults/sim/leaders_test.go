package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// TestElection: one leader at a time, in the order in which the candidates came; the names that leaders proclaim; what
// Run returns; and what observers see. The guarantees for terms are listed at contest, and those for observers at
// observer. When a leader dies, the next one follows within the TTL and half a second.
func TestElection(t *testing.T) {
	const ttl = 5 * time.Second
	options := Options{Drift: ttl / 10, Every: time.Second, Longest: 15 * time.Second, Whole: 0.6}
	run(t, "election", options, func(w *World) {
		c := newContest(w, "/elections/x", ttl, alone)
		newCandidate := func(_ int, name string) *contender {
			return &contender{name: name, client: w.Client(name, etcd.Config{}), chance: w.Chance(name), hold: time.Second}
		}
		var observers []*observer
		for i := range 3 {
			observers = append(observers, c.observe(fmt.Sprint("o", i), i == 0))
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var standing sync.WaitGroup
		candidates := several("c", 6, newCandidate)
		for i, by := range candidates {
			stand := c.campaign
			if i%2 == 0 {
				stand = c.run
			}
			standing.Go(func() {
				for ctx.Err() == nil {
					stand(ctx, by)
					pause(ctx, by.chance.About(200*time.Millisecond))
				}
			})
		}
		c.flood(ctx)
		visiting, enough := context.WithCancel(ctx)
		observers = append(observers, c.visit(visiting, "visitor"))
		w.Disturb()
		enough()
		c.everyoneGetsIn(candidates)
		cancel()
		standing.Wait()
		c.becomesEmpty()
		c.follows(several("fresh", 2, newCandidate))
		time.Sleep(2 * ttl)
		c.reachThePresent(observers)
		w.Stop()
		for _, o := range observers {
			o.check(c.leaders())
		}
	})
}

// election returns the election as a candidate has it.
func (c *contest) election(client *etcd.Client) *election.Election {
	return election.New(client, c.dir, election.WithTTL(c.ttl))
}

// campaign is a Campaign with its term.
func (c *contest) campaign(ctx context.Context, by *contender) {
	by.tries++
	limited, cancel := ctx, context.CancelFunc(func() {})
	if by.chance.Happens(0.2) {
		limited, cancel = context.WithTimeout(ctx, by.chance.About(10*time.Second))
	}
	defer cancel()
	term, err := c.election(by.client).Campaign(limited, fmt.Sprintf("%s-%d", by.name, by.tries))
	if err != nil {
		c.w.Count("campaigns failed", 1)
		return
	}
	t := &tenure{name: by.name, lock: term}
	c.enter(t)
	c.lead(term.Context(), t, term, by)
	c.leave(t)
	c.unlocked(t, term.Resign(context.WithoutCancel(ctx)))
}

// errTired is what a leader returns from Run.
var errTired = errors.New("tired")

// run is a Run, and checks what it returns: what lead has returned before its term was over, or that ctx has ended.
func (c *contest) run(ctx context.Context, by *contender) {
	limited, cancel := ctx, context.CancelFunc(func() {})
	if by.chance.Happens(0.2) {
		limited, cancel = context.WithTimeout(ctx, by.chance.About(20*time.Second))
	}
	defer cancel()
	by.tries++
	led, over := false, true // the last term was, when lead returned
	err := c.election(by.client).Run(limited, fmt.Sprintf("%s-%d", by.name, by.tries), func(ctx context.Context, term *election.Term) error {
		led = true
		t := &tenure{name: by.name, lock: term}
		c.enter(t)
		defer c.leave(t)
		c.lead(ctx, t, term, by)
		if term.Context().Err() != nil && pause(ctx, time.Millisecond) {
			c.errorf("the term of %v is over, and its context goes on", t)
		}
		over = ctx.Err() != nil
		return errTired
	})
	c.w.Count("runs", 1)
	switch {
	case err == errTired && !over: //nolint:errorlint // as it is
	case limited.Err() != nil && errors.Is(err, limited.Err()):
	case !led && errors.Is(err, etcd.ErrNotSupported), isShort(err): // for gateways, or a slow time
	default:
		c.errorf("Run of %s returns %v; the term was over: %v", by.name, err, over)
	}
}

// lead leads for a while, and proclaims names.
func (c *contest) lead(ctx context.Context, t *tenure, term *election.Term, by *contender) {
	end := time.Now().Add(by.chance.About(by.hold))
	if by.chance.Happens(0.2) {
		end = time.Now().Add(by.chance.Between(0, 4*c.ttl))
	}
	for time.Now().Before(end) && pause(ctx, min(time.Until(end), by.chance.About(2*time.Second))) {
		if !by.chance.Happens(0.5) {
			continue
		}
		by.tries++
		name := fmt.Sprintf("%s-%d", by.name, by.tries)
		if term.Proclaim(ctx, name) != nil {
			return // it may have been applied, and a renewal may undo it
		}
		c.w.Count("proclaimed", 1)
		pause(ctx, by.chance.Between(0, c.ttl/2))
		own, found := with(c.queue(), term.Token())
		if found && own.Value != name {
			c.errorf("%v has proclaimed %s, and it is %s", t, name, own.Value)
		}
		if got := term.Name(); got != name {
			c.errorf("%v has proclaimed %s, and its name is %s", t, name, got)
		}
	}
}

// reachThePresent waits for the observers to see the present leader, as long as their watches may take. The check says who
// has not.
func (c *contest) reachThePresent(observers []*observer) {
	leaders := c.leaders()
	present := leaders[len(leaders)-1]
	late := func(o *observer) bool { return !o.hasSeen(present) }
	for began := time.Now(); time.Since(began) < watchesReach && slices.ContainsFunc(observers, late); {
		time.Sleep(time.Second)
	}
}

// flood writes so much now and then that the history of the servers does not go back to what was before.
func (c *contest) flood(ctx context.Context) {
	chance, cluster := c.w.Chance("flood"), c.w.Cluster
	c.w.Go(func(context.Context) {
		for pause(ctx, chance.About(20*time.Second)) {
			c.w.Count("floods", 1)
			for range 11 {
				cluster.mu.Lock()
				for range 100 {
					if l := cluster.leader; l != nil && l.runs() {
						cluster.append(&entry{request: pb.Request{Method: "PUT", Path: "/1/_flood", Val: "x"}})
					}
				}
				cluster.mu.Unlock()
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
}

// follows checks that in a cluster without faults the second candidate leads soon after the first has died: within
// the TTL and half a second, and what the clocks differ by.
func (c *contest) follows(candidates []*contender) {
	first, second := candidates[0], candidates[1]
	term, err := c.election(first.client).Campaign(context.Background(), first.name)
	if err != nil {
		c.errorf("a campaign in a cluster without faults: %v", err)
		return
	}
	t := &tenure{name: first.name, lock: term}
	c.enter(t)
	elected := make(chan time.Time, 1)
	go func() {
		next, err := c.election(second.client).Campaign(context.Background(), second.name)
		if err != nil {
			c.errorf("a campaign in a cluster without faults: %v", err)
			elected <- time.Now()
			return
		}
		elected <- time.Now()
		t := &tenure{name: second.name, lock: next}
		c.enter(t)
		time.Sleep(10 * time.Millisecond)
		c.leave(t)
		c.unlocked(t, next.Resign(context.Background()))
		c.isGone()
	}()
	time.Sleep(c.ttl)
	died := time.Now()
	for _, m := range c.w.Cluster.Peers() {
		pathFaults[Refuse](c.w.Cluster.net.path(first.name, m.Name()))
	}
	at := <-elected
	if most := c.ttl + c.w.Options.Drift + 600*time.Millisecond; at.Sub(died) > most {
		c.errorf("a leader died, and the next one followed after %v", at.Sub(died))
	}
	if !errors.Is(context.Cause(term.Context()), locking.ErrLost) {
		c.errorf("a leader died, and its term has ended by %v", context.Cause(term.Context()))
	}
	c.leave(t)
	_ = term.Resign(context.Background())
	for range 5 {
		c.run(context.Background(), second)
		if queue := c.queue(); len(queue) > 0 {
			c.errorf("Run has returned, and the candidates are %+v", queue)
		}
	}
}

// leaders returns who has led one after the other, as a majority of the members has it; also what they proclaimed,
// and when there was none.
func (c *contest) leaders() []election.Leader {
	line := map[string]rival{}
	all := []election.Leader{{}}
	for _, event := range c.w.Cluster.Record().Events() {
		c.apply(line, event)
		var now election.Leader
		for _, r := range line {
			if now.Token == 0 || r.token < now.Token {
				now = election.Leader{Name: r.Value, Token: r.token, Key: r.key}
			}
		}
		if now != all[len(all)-1] {
			all = append(all, now)
		}
	}
	return all
}

// apply makes the line what it is after an event.
func (c *contest) apply(line map[string]rival, event *v2store.Event) {
	node := event.Node
	if !inside(node.Key, "/1"+c.dir) {
		return
	}
	switch event.Action {
	case v2store.Expire, v2store.Delete, v2store.CompareAndDelete:
		delete(line, node.Key[len("/1"):])
	default:
		r := read(node)
		r.key = node.Key[len("/1"):]
		line[r.key] = r
	}
}
