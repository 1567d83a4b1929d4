package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/etcd"
)

// mirrorsReach is within what time a mirror has to reach an index in a cluster without faults; it may take as long as a watch.
const mirrorsReach = watchesReach

// wait writes now and then, and checks that the mirror shows what was written when WaitIndex returns.
func (c *copier) wait(ctx context.Context, client *etcd.Client, m *etcd.Mirror) {
	for pause(ctx, c.chance.About(10*time.Second)) {
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
		err = m.WaitIndex(waiting, resp.Index)
		cancel()
		node, here := m.Get(key)
		switch index := m.Index(); {
		case len(c.g.w.Cluster.Records()) != records || c.g.w.Cluster.isDown(): // nothing is certain
		case index > c.g.w.Cluster.Record().Index(): // it has not yet noticed that the index went back
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
		fault = (&tree{record: record}).differs(c.dir, s.Node, s.Index, true)
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
