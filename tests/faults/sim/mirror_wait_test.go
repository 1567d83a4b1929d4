package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
)

// mirrorsReach is within what time a mirror has to reach an index in a cluster without faults; it may take as long as a watch.
const mirrorsReach = watchesReach

// wait writes now and then, and checks that the mirror shows what was written when WaitIndex returns.
func (c *copier) wait(ctx context.Context, client *etcd.Client, m *etcd.Mirror) {
	for pause(ctx, c.chance.About(10*time.Second)) {
		var ahead uint64 // so that it waits for long
		if c.chance.Happens(0.2) {
			ahead = 500
		}
		key := Pick(c.chance, []string{"/a/d1/own", "/b/own", "/a/_own"})
		key += fmt.Sprint(c.name, c.dir[1:])
		if c.dir == "/a/k0" {
			key = "/a/k0"
		}
		writing, cancel := context.WithTimeout(ctx, 5*time.Second)
		resp, err := client.Set(writing, key, c.g.value())
		if cancel(); err != nil {
			continue
		}
		records := len(c.g.w.Cluster.Records())
		waiting, cancel := context.WithTimeout(ctx, mirrorsReach)
		began := time.Now()
		err = m.WaitIndex(waiting, resp.Index+ahead)
		cancel()
		if at := c.last(c.dir); (err == nil || errors.Is(err, context.DeadlineExceeded)) && at.After(began) && time.Since(at) > 10*time.Millisecond {
			c.g.w.Errorf("%s's mirror of %s went back at %v, and WaitIndex, which waited since %v, returned %v at %v", c.name, c.dir, at, began, err, time.Now())
		}
		node, here := m.Get(key)
		switch index := m.Index(); {
		case len(c.g.w.Cluster.Records()) != records || c.g.w.Cluster.isDown(): // nothing is certain
		case c.unaware(), index > c.g.w.Cluster.Record().Index(): // it has not yet noticed that the index went back
			c.g.w.Count("waits of the history before", 1)
		case err == nil && (index < resp.Index || c.holds(key) && (!here || node.ModifiedIndex < resp.Index) && !c.changed(key, resp.Index, index)):
			c.g.w.Errorf("%s's mirror of %s has waited for %d, is at %d, and shows %v", c.name, c.dir, resp.Index, index, textOf(node))
		case err == nil:
			c.g.w.Count("indexes waited for", 1)
		case errors.Is(err, etcd.ErrClusterRolledBack) && records == 1:
			c.g.w.Errorf("%s's mirror of %s: WaitIndex: %v", c.name, c.dir, err)
		}
	}
}

// unaware reports whether the cluster was restored after the mirror was made, and the mirror has not gone back since.
func (c *copier) unaware() bool {
	records := c.g.w.Cluster.Records()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.from < len(records)-1 && c.last(c.dir).Before(records[len(records)-1].begun)
}

// setbacks are when the mirrors of a client last went back to an earlier index.
type setbacks struct {
	w  *World
	mu sync.Mutex
	at map[string]time.Time // by directory
}

// Observe is told what the client does.
func (b *setbacks) Observe(event etcd.Event) {
	if e, ok := event.(etcd.MirrorResynced); ok && e.To < e.From {
		if len(b.w.Cluster.Records()) == 1 && !b.w.Cluster.isDown() {
			b.w.Errorf("the mirror of %s has gone back from %d to %d", e.Dir, e.From, e.To)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.at == nil {
			b.at = map[string]time.Time{}
		}
		b.at[e.Dir] = time.Now()
	}
}

// last returns when that was for a directory; the zero time for never.
func (b *setbacks) last(dir string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at[dir]
}

// asksAtOnce checks that in a cluster without faults, and with connections that are new, WaitIndex need not wait until
// something happens in the mirror, or a poll is made again.
func (g *garden) asksAtOnce() {
	ctx, cancel := context.WithTimeout(g.w.Context(), time.Minute)
	defer cancel()
	client := g.w.Client("fresh", etcd.Config{})
	defer client.Close()
	m, err := client.Mirror(ctx, "/quiet")
	if err != nil {
		g.w.Errorf("a mirror in a cluster without faults: %v", err)
		return
	}
	defer m.Close()
	pause(ctx, 30*time.Second) // by then its polls are long ones
	resp, err := client.Set(ctx, "/b/fresh", g.value())
	if err != nil {
		g.w.Errorf("a write in a cluster without faults: %v", err)
		return
	}
	began := time.Now()
	if err := m.WaitIndex(ctx, resp.Index); err != nil || time.Since(began) > 10*time.Second {
		g.w.Errorf("in a cluster without faults a mirror of /quiet has waited %v for %d: %v", time.Since(began), resp.Index, err)
	}
}

// holds reports whether the mirror shows a key.
func (c *copier) holds(key string) bool {
	return (key == c.dir || within(key, c.dir)) && !within(key, "/a/_") && key[:min(len(key), 4)] != "/a/_"
}

// changed reports whether something has happened to a key behind from, up to an index.
func (c *copier) changed(key string, from, to uint64) bool {
	for _, e := range c.g.w.Cluster.Record().Events() {
		above := isEnd(e) && within(key, plain(e.Node.Key))
		if e.Index() > from && e.Index() <= to && (above || plain(e.Node.Key) == key) {
			return true
		}
	}
	return false
}

// reachThePresent checks that the mirror comes to what is the present now, and shows it.
func (c *copier) reachThePresent() {
	w, began := c.g.w, time.Now()
	record := w.Cluster.Record()
	now := record.Index()
	var fault string
	for time.Since(began) < mirrorsReach && !w.Failed() {
		time.Sleep(time.Second)
		c.mu.Lock()
		m, from := c.mirror, c.from
		c.mu.Unlock()
		if fault = "there is no mirror"; m == nil || m.Err() != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := m.WaitIndex(ctx, now)
		cancel()
		if err != nil {
			fault = err.Error()
			continue
		}
		s := m.Snapshot()
		fault = c.g.trees.differs(record, c.dir, s.Node, s.Index, true)
		if fault == "" || len(w.Cluster.Records())-1 > from {
			w.Count("presents reached", 1)
			if fault != "" {
				w.Count("presents of two histories", 1)
			}
			if took := int(time.Since(began).Seconds()); took > w.Counted("slowest to catch up, s") {
				w.Count("slowest to catch up, s", took-w.Counted("slowest to catch up, s"))
			}
			return
		}
	}
	if w.Failed() {
		return
	}
	w.Errorf("%v: %v after the last fault %s's mirror of %s has not come to %d: %s", time.Now(), mirrorsReach, c.name, c.dir, now, fault)
}
