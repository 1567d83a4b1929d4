package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// fateOptions make more faults than others of what leaves the outcome of a write open. Clocks do not differ, so
// that what the store says of expirations can be compared with the time of a call.
func fateOptions() Options {
	faults := AllFaults()
	maps.Copy(faults, Faults{Drop: 8, Late: 8, Intercept: 6, Cut: 8, Lag: 12})
	return Options{Faults: faults, Every: 700 * time.Millisecond, Longest: 15 * time.Second}
}

// TestFates: what a write says about itself is true. See the package documentation of etcd, ErrOutcomeUnknown,
// WithUniqueValue, WithTTL, Modify, and Client about failover; fateCheck lists what that means.
func TestFates(t *testing.T) {
	run(t, "fates", fateOptions(), func(w *World) {
		l := &ledger{w: w}
		var workers []*worker
		start := func(name string, step func(*worker, context.Context)) {
			k := l.worker(name)
			workers = append(workers, k)
			w.Go(func(ctx context.Context) {
				for ctx.Err() == nil {
					step(k, ctx)
					pause(ctx, k.chance.About(150*time.Millisecond))
				}
			})
		}
		for i := range 4 {
			start(fmt.Sprintf("w%d", i), (*worker).anyCall)
		}
		start("keeper", (*worker).keepAlive)
		start("refresher", (*worker).refreshes)
		wandering, enough := context.WithCancel(w.ctx)
		wanderer := l.worker("wanderer")
		w.Go(func(context.Context) {
			for wandering.Err() == nil {
				wanderer.wanders(wandering)
			}
		})
		w.Disturb()
		enough()
		everyoneIsAnswered(w, workers)
		healed := time.Now()
		time.Sleep(10 * time.Second)
		w.Stop()
		time.Sleep(5 * time.Minute) // what is late has arrived
		check := newFateCheck(l, w.Cluster.Records())
		check.healed = healed
		check.run()
	})
}

// TestFatesRestored: what a write says about itself is true, even if the cluster is restored from a backup.
func TestFatesRestored(t *testing.T) {
	options := fateOptions()
	options.Faults[Restore] = 3
	run(t, "fatesRestored", options, func(w *World) {
		l := &ledger{w: w}
		for i := range 4 {
			k := l.worker(fmt.Sprintf("w%d", i))
			w.Go(func(ctx context.Context) {
				for ctx.Err() == nil {
					k.anyCall(ctx)
					if last := l.lastOf(k.name); errors.Is(last.err, etcd.ErrWrongCluster) {
						k.connect()
					}
					pause(ctx, k.chance.About(150*time.Millisecond))
				}
			})
		}
		w.Disturb()
		w.Stop()
		time.Sleep(5 * time.Minute)
		newFateCheck(l, w.Cluster.Records()).run()
	})
}

// lastOf returns the last call of a client.
func (l *ledger) lastOf(client string) *ledgerCall {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.calls) - 1; i >= 0; i-- {
		if l.calls[i].client == client {
			return l.calls[i]
		}
	}
	return &ledgerCall{}
}

// everyoneIsAnswered checks that calls succeed in a cluster without faults. Connections that were dead before may
// still be found out.
func everyoneIsAnswered(w *World, workers []*worker) {
	for limit := time.Now().Add(10 * time.Minute); len(workers) > 0; time.Sleep(time.Second) {
		if last := workers[len(workers)-1]; last.answered() >= 30 {
			workers = workers[:len(workers)-1]
		} else if time.Now().After(limit) {
			w.Errorf("ten minutes after the last fault %s had not 30 answers in a row", last.name)
			return
		}
	}
}

// anyCall makes a call that competes with those of others.
func (k *worker) anyCall(ctx context.Context) {
	key := fmt.Sprint("/f/", k.chance.Below(3))
	switch draw := k.chance.Below(20); {
	case draw < 2:
		k.set(ctx, key)
	case draw < 7:
		k.create(ctx, key)
	case draw < 8:
		k.update(ctx, key)
	case draw < 11:
		k.swap(ctx, key)
	case draw < 12:
		k.modify(ctx, key, etcd.WithCreate())
	case draw < 14:
		k.queue(ctx)
	case draw < 17:
		k.delete(ctx, key)
	default:
		k.read(ctx, key)
	}
}

// anyTTL returns a TTL, or 0 for none.
func (k *worker) anyTTL() time.Duration {
	if k.chance.Happens(0.7) {
		return 0
	}
	return time.Duration(1+k.chance.Below(10)) * time.Second
}

func (k *worker) set(ctx context.Context, key string) *ledgerCall {
	c := &ledgerCall{verb: "set", key: key, value: k.value(), ttl: k.anyTTL()}
	return k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.Set(ctx, key, c.value, etcd.If(c.ttl > 0, etcd.SetOption(etcd.WithTTL(c.ttl))))
	})
}

func (k *worker) create(ctx context.Context, key string) {
	c := &ledgerCall{verb: "create", key: key, value: k.value(), ttl: k.anyTTL(), unique: k.chance.Happens(0.7)}
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.Create(ctx, key, c.value, etcd.If(c.ttl > 0, etcd.CreateOption(etcd.WithTTL(c.ttl))),
			etcd.If(c.unique, etcd.CreateOption(etcd.WithUniqueValue())))
	})
}

func (k *worker) update(ctx context.Context, key string) {
	c := &ledgerCall{verb: "update", key: key, value: k.value()}
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) { return k.client.Update(ctx, key, c.value) })
}

// swap swaps what it has read, or else another value.
func (k *worker) swap(ctx context.Context, key string) {
	found := k.read(ctx, key)
	if found.err != nil {
		return
	}
	c := &ledgerCall{verb: "swap", key: key, value: k.value(), unique: k.chance.Happens(0.7)}
	c.prev = etcd.Prev{Index: found.resp.Node.ModifiedIndex}
	if k.chance.Happens(0.5) {
		c.prev = etcd.Prev{Value: found.resp.Node.Value}
	}
	c.modifies = c.unique && c.prev.Index == 0
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.CompareAndSwap(ctx, key, c.value, c.prev, etcd.If(c.unique, etcd.CompareAndSwapOption(etcd.WithUniqueValue())))
	})
}

func (k *worker) modify(ctx context.Context, key string, opts ...etcd.ModifyOption) *ledgerCall {
	c := &ledgerCall{verb: "modify", key: key, value: k.value(), keeps: true, modifies: true}
	return k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.Modify(ctx, key, func(string) (string, error) { return c.value, nil }, opts...)
	})
}

// queue makes a node in a queue, and perhaps takes one.
func (k *worker) queue(ctx context.Context) {
	c := &ledgerCall{verb: "queue", key: "/q", value: k.value(), ttl: 20 * time.Second, unique: k.chance.Happens(0.7)}
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.CreateInOrder(ctx, "/q", c.value, etcd.WithTTL(c.ttl), etcd.If(c.unique, etcd.CreateInOrderOption(etcd.WithUniqueValue())))
	})
	if c.err == nil && k.chance.Happens(0.5) {
		k.compareAndDelete(ctx, c.resp.Node)
	}
}

func (k *worker) delete(ctx context.Context, key string) {
	if k.chance.Happens(0.5) {
		if found := k.read(ctx, key); found.err == nil {
			k.compareAndDelete(ctx, found.resp.Node)
		}
		return
	}
	k.do(ctx, &ledgerCall{verb: "delete", key: key}, func(ctx context.Context) (*etcd.Response, error) { return k.client.Delete(ctx, key) })
}

func (k *worker) compareAndDelete(ctx context.Context, node *etcd.Node) {
	c := &ledgerCall{verb: "compareAndDelete", key: node.Key, prev: etcd.Prev{Index: node.ModifiedIndex}}
	if k.chance.Happens(0.5) {
		c.prev = etcd.Prev{Value: node.Value}
	}
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.CompareAndDelete(ctx, c.key, c.prev)
	})
}

// read reads a key, as most do or with quorum.
func (k *worker) read(ctx context.Context, key string) *ledgerCall {
	if k.chance.Happens(0.5) {
		return k.do(ctx, &ledgerCall{verb: "quorum read", key: key}, func(ctx context.Context) (*etcd.Response, error) {
			return k.client.Get(ctx, key, etcd.WithQuorum())
		})
	}
	return k.do(ctx, &ledgerCall{verb: "read", key: key}, func(ctx context.Context) (*etcd.Response, error) { return k.client.Get(ctx, key) })
}

// keepAlive sets a key of its own that expires, and changes it until it has.
func (k *worker) keepAlive(ctx context.Context) {
	const key = "/keeper"
	c := &ledgerCall{verb: "set", key: key, value: k.value(), ttl: time.Duration(3+k.chance.Below(25)) * time.Second}
	k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
		return k.client.Set(ctx, key, c.value, etcd.WithTTL(c.ttl))
	})
	for ctx.Err() == nil {
		if k.chance.Happens(0.5) {
			c = k.modify(ctx, key)
		} else {
			c = &ledgerCall{verb: "keep", key: key, value: k.value(), keeps: true, modifies: true}
			k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) {
				return k.client.Update(ctx, key, c.value, etcd.WithKeepTTL())
			})
		}
		if errors.Is(c.err, etcd.ErrKeyNotFound) {
			return
		}
		pause(ctx, k.chance.About(200*time.Millisecond))
	}
}

// refreshStep is by how much the TTL of a refresh differs at least from that of any other. So its TTL names it.
const refreshStep = 1000 * time.Second

// refreshes refreshes a key of its own, which at times does not exist.
func (k *worker) refreshes(ctx context.Context) {
	const key = "/refresher"
	switch draw := k.chance.Below(20); {
	case draw < 2:
		k.set(ctx, key)
	case draw < 3:
		k.delete(ctx, key)
	default:
		k.n++
		c := &ledgerCall{verb: "refresh", key: key, ttl: time.Duration(k.n) * refreshStep}
		k.do(ctx, c, func(ctx context.Context) (*etcd.Response, error) { return k.client.Refresh(ctx, key, c.ttl) })
	}
}

// wanders writes, and then reads what it has written from a member that is behind, since the others refuse its
// connections.
func (k *worker) wanders(ctx context.Context) {
	const key = "/wanderer"
	cluster := k.ledger.w.Cluster
	behind := Pick(k.chance, cluster.Peers())
	heal := behind.suffer(memberFaults[Lag])
	if k.chance.Happens(0.5) {
		k.set(ctx, key)
	} else {
		k.create(ctx, key)
	}
	var heals []func()
	for _, m := range cluster.Peers() {
		if m != behind {
			heals = append(heals, pathFaults[Refuse](cluster.net.path(k.name, m.Name())))
		}
	}
	k.read(ctx, key)
	for _, f := range append(heals, heal) {
		f()
	}
	if k.chance.Happens(0.7) {
		k.do(ctx, &ledgerCall{verb: "delete", key: key}, func(ctx context.Context) (*etcd.Response, error) { return k.client.Delete(ctx, key) })
	}
	pause(ctx, k.chance.About(time.Second))
}
