package sim

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/etcdv2/client/etcd"
)

// garden is a tree of keys that writers change in all ways that etcd has. /a/d1 is the beginning of the name of
// /a/d10, which etcd mixes up when it deletes a directory. What is in /b is there to move the history on.
type garden struct {
	w     *World
	calm  atomic.Bool // no bursts
	wrote atomic.Int64
	trees trees
}

// gardenHidden is the hidden directory of a garden.
const gardenHidden = "/a/_h"

var (
	gardenDirs  = []string{"/a/d1", "/a/d2", "/a/d10"}
	gardenFiles = []string{"/a/k0", "/a/k1", "/a/d1/k0", "/a/d1/k1", "/a/d2/k0", "/a/d10/k0", "/a/d2/e/k0", "/a/k2"}
)

// gardenOptions returns what is simulated around a garden: many faults of connections and gateways, since watches
// depend on those, and so many restores.
func gardenOptions(restores int) Options {
	faults := AllFaults()
	faults[Intercept], faults[Dead], faults[HalfOpen], faults[Stall] = 6, 8, 6, 6
	faults[Restore] = restores
	return Options{Hidden: []string{gardenHidden}, Every: time.Second, SnapshotEntries: 1000, Whole: 0.6, Faults: faults}
}

// grow lets clients write until the run ends, about so often each.
func (g *garden) grow(writers int, every time.Duration) {
	for i := range writers {
		name := fmt.Sprint("w", i)
		client, chance := g.w.Client(name, etcd.Config{}), g.w.Chance(name)
		g.w.Go(func(ctx context.Context) {
			for pause(ctx, chance.About(every)) {
				err := g.change(ctx, client, chance)
				client = g.again(name, client, etcd.Config{}, err)
				g.w.Count("writes", 1)
			}
		})
	}
}

// flood lets writers that are not simulated write so much, now and then, that the history moves on. Meanwhile a member
// stops, which then needs a snapshot; or connections of the readers have died, and a member lags, or new polls stall; or
// the readers are behind a gateway that knows no members, or reach members only at times, and one lags.
func (g *garden) flood(readers ...string) {
	chance := g.w.Chance("flood")
	g.w.Go(func(ctx context.Context) {
		for pause(ctx, chance.About(30*time.Second)) {
			if g.calm.Load() {
				continue
			}
			heal, writes, every := func() {}, Pick(chance, []int{600, 2000, 2000, 7000}), chance.Between(150*time.Microsecond, 250*time.Microsecond)
			c := g.w.Cluster
			switch member := Pick(chance, c.members); chance.Below(5) {
			case 0:
				heal, writes = member.suffer(memberFaults[Freeze]), 7000 // which no member gets otherwise than by a snapshot
			case 1:
				heal = member.suffer(memberFaults[Lag])
				g.lose(chance, readers)
			case 2:
				g.lose(chance, readers)
				heal, writes, every = g.stall(readers), 7000, time.Millisecond // during which polls are made more than once
			case 3:
				heal = g.pages(chance, readers)
			case 4:
				heal = g.turnAway(chance, member, readers)
			}
			done := c.Flood("PUT", "/1/b/k", writes, every)
			heal()
			g.w.Count("floods", 1)
			g.w.Count("writes of floods", done)
		}
	})
}

// lose makes half of the readers' connections die.
func (g *garden) lose(chance *Chance, readers []string) {
	g.paths(readers, func(p *path) {
		p.each(func(l *line) {
			if chance.Happens(0.5) {
				l.die()
			}
		})
	})
}

// turnAway keeps the readers from all members, and lets one lag. It returns what lets them reach each member at first only
// at times: so some learn from one that the history has moved on, and read from the one that is behind.
func (g *garden) turnAway(chance *Chance, slow *Member, readers []string) (heal func()) {
	caughtUp, free := slow.suffer(func(m *Member) func() { return m.lagBy(4 * time.Second) }), g.refuse(chance, 1, readers)
	return func() {
		for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(chance.About(50 * time.Millisecond)) {
			before := free
			free = g.refuse(chance, 0.5, readers)
			before()
		}
		free()
		caughtUp()
	}
}

// refuse refuses a share of the readers' paths, and returns what ends that.
func (g *garden) refuse(chance *Chance, share float64, readers []string) (heal func()) {
	var heals []func()
	g.paths(readers, func(p *path) {
		if chance.Happens(share) {
			heals = append(heals, pathFaults[Refuse](p))
		}
	})
	return func() {
		for _, heal := range heals {
			heal()
		}
	}
}

// stall makes the events come late that readers get behind the headers of new polls, and returns what ends that.
func (g *garden) stall(readers []string) (heal func()) {
	g.paths(readers, func(p *path) { p.change(func() { p.rates.stall = 0.5 }) })
	return func() { g.paths(readers, func(p *path) { p.change(func() { p.rates.stall = 0 }) }) }
}

// pages puts a gateway before the readers that answers everything with the page of a server without the v2 API, and
// returns what takes it away.
func (g *garden) pages(chance *Chance, readers []string) (heal func()) {
	gateway := &gateway{chance: chance, reply: missingPage, share: 1}
	g.paths(readers, func(p *path) { gateway.stands(p) })
	return func() { g.paths(readers, func(p *path) { p.change(func() { p.gateway = nil }) }) }
}

// paths calls f for each path of the clients.
func (g *garden) paths(clients []string, f func(*path)) {
	for _, client := range clients {
		for _, m := range g.w.Cluster.Peers() {
			f(g.w.Cluster.net.path(client, m.Name()))
		}
	}
}

// again returns the client, or another one if the cluster is one that it does not belong to.
func (g *garden) again(name string, client *etcd.Client, config etcd.Config, err error) *etcd.Client {
	if !isWrong(err) {
		return client
	}
	_ = client.Close()
	g.w.Count("clients made anew", 1)
	return g.w.Client(name, config)
}

// value returns a value that nobody has written before.
func (g *garden) value() string { return fmt.Sprint("v", g.wrote.Add(1)) }

// change makes one change. Many of them fail because something is or is not there.
func (g *garden) change(ctx context.Context, c *etcd.Client, chance *Chance) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	key, dir, value := Pick(chance, gardenFiles), Pick(chance, gardenDirs), g.value()
	ttl := etcd.If(chance.Happens(0.3), etcd.WithTTL(chance.Between(time.Second, 15*time.Second)))
	var err error
	switch n := chance.Below(100); {
	case n < 40:
		_, err = c.Set(ctx, key, value, ttl)
	case n < 47:
		_, err = c.Create(ctx, key, value, ttl)
	case n < 53:
		_, err = c.Update(ctx, key, value, ttl)
	case n < 58:
		_, err = c.Modify(ctx, key, func(string) (string, error) { return value, nil }, etcd.WithCreate())
	case n < 66:
		_, err = c.Delete(ctx, key)
	case n < 69:
		_, err = c.Delete(ctx, dir, etcd.WithRecursive())
	case n < 70 && chance.Happens(0.5):
		_, err = c.Delete(ctx, "/a", etcd.WithRecursive())
	case n < 73:
		_, err = c.CreateDir(ctx, dir, ttl)
	case n < 75:
		_, err = c.UpdateDir(ctx, dir, ttl)
	case n < 79:
		_, err = c.CreateInOrder(ctx, "/a/d1/q", value, ttl)
	case n < 85:
		_, err = c.Set(ctx, gardenHidden+"/k", value, ttl)
	case n < 87:
		_, err = c.Set(ctx, dir+"/_x", value, ttl)
	case n < 88:
		_, err = c.Delete(ctx, gardenHidden, etcd.WithRecursive())
	case n < 92:
		_, err = c.Refresh(ctx, key, 10*time.Second)
	case n < 99:
		_, err = c.Set(ctx, "/b/k", value)
	case !g.calm.Load():
		g.burst(ctx, c, Pick(chance, []string{"/b/k", "/b/k", "/b/k", "/a/d1/k0"}), Pick(chance, []int{20, 200, 600}))
	}
	return err
}

// burst writes as fast as it can be, with eight writers. A long one moves the whole history on.
func (g *garden) burst(ctx context.Context, c *etcd.Client, key string, n int) {
	g.w.Count("bursts", 1)
	done := make(chan bool)
	for range 8 {
		go func() {
			for range n / 8 {
				if _, err := c.Set(ctx, key, g.value()); err != nil {
					break
				}
				g.w.Count("writes", 1)
			}
			done <- true
		}()
	}
	for range 8 {
		<-done
	}
}
