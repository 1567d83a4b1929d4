package sim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// TestMirror: at each index that a mirror shows, it shows what was there; it tells changes in order, and they add up
// to it; WaitIndex is truthful; and in a cluster without faults it reaches the present.
func TestMirror(t *testing.T) {
	run(t, "mirror", gardenOptions(0), mirrors)
}

// TestMirrorRestored: so it does if the cluster is made anew from an older copy, or from nothing, except as
// Client.Watch says.
func TestMirrorRestored(t *testing.T) {
	run(t, "mirrorrestored", gardenOptions(2), mirrors)
}

func mirrors(w *World) {
	g := &garden{w: w}
	g.grow(2, 300*time.Millisecond)
	g.flood("r0", "r1", "r2")
	var all []*copier
	for i, config := range []etcd.Config{{WatchPolls: -1}, {WatchPolls: 2}, {ClusterID: etcd.AnyCluster}} {
		name, back := fmt.Sprint("r", i), &setbacks{w: w}
		config.Observer = back
		shared := &reader{g: g, name: name, config: config, client: w.Client(name, config)}
		for _, dir := range []string{"/", "/a", "/a/d1", "/a/d2", "/a/k0"} {
			c := &copier{reader: shared, dir: dir, chance: w.Chance(name + dir), setbacks: back}
			all = append(all, c)
			w.Go(c.run)
		}
	}
	for left := w.length; left > 0 && !w.Failed(); left -= 3 * time.Minute {
		w.DisturbFor(min(left, 3*time.Minute))
		g.calm.Store(true)
		var reaching sync.WaitGroup
		for _, c := range all {
			reaching.Go(c.reachThePresent)
		}
		reaching.Wait()
		g.asksAtOnce()
		g.calm.Store(false)
	}
	w.Stop()
}

// copier has a mirror, and makes another one when it has ended.
type copier struct {
	*reader
	dir    string
	chance *Chance
	*setbacks

	mu     sync.Mutex
	mirror *etcd.Mirror
	from   int // the record of the moment when it was made
}

func (c *copier) run(ctx context.Context) {
	var client *etcd.Client
	var err error
	for ctx.Err() == nil {
		client = c.again(client, err)
		if err = c.copy(ctx, client); err != nil {
			pause(ctx, c.chance.Between(0, time.Second))
		}
	}
}

// copy makes a mirror, looks at it for a while, and closes it. It returns why there was none, or why it ended.
func (c *copier) copy(ctx context.Context, client *etcd.Client) error {
	from := len(c.g.w.Cluster.Records()) - 1
	m, err := client.Mirror(ctx, c.dir)
	if err != nil {
		return err
	}
	defer m.Close()
	c.g.w.Count("mirrors", 1)
	c.mu.Lock()
	c.mirror, c.from = m, from
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var looking sync.WaitGroup
	looking.Go(func() { c.listen(ctx, m) })
	looking.Go(func() { c.wait(ctx, client, m) })
	until := time.Now().Add(c.chance.Between(30*time.Second, 10*time.Minute))
	for m.Err() == nil && (time.Now().Before(until) || c.g.calm.Load()) && pause(ctx, c.chance.About(time.Second)) {
		c.look(m.Snapshot(), from)
	}
	err = m.Err()
	cancel()
	looking.Wait()
	if err != nil && !isWrong(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, etcd.ErrClosed) {
		c.g.w.Errorf("%s's mirror of %s ended with %v", c.name, c.dir, err)
	}
	return err
}

// look checks that what a mirror shows was there.
func (c *copier) look(s etcd.Snapshot, from int) {
	c.g.w.Count("snapshots", 1)
	records := c.g.w.Cluster.Records()
	fault := "no record has come so far"
	for i := len(records) - 1; i >= from; i-- {
		if records[i].Index() < s.Index {
			continue
		}
		if fault = c.g.trees.differs(records[i], c.dir, s.Node, s.Index, true); fault == "" {
			return
		}
	}
	if len(records)-1 > from { // a history that has passed the index of the old one may be taken for it
		c.g.w.Count("shown of two histories", 1)
		return
	}
	c.g.w.Errorf("%v: %s's mirror of %s shows at %d what was not there: %s", time.Now(), c.name, c.dir, s.Index, fault)
}

// listen applies the changes of a mirror, and checks that they fit.
func (c *copier) listen(ctx context.Context, m *etcd.Mirror) {
	told, last := map[string]etcd.Node{}, uint64(0)
	resynced, slow := false, Pick(c.chance, []float64{0.02, 0.02, 0.3})
	for change, err := range m.Changes(ctx) {
		if err != nil {
			return
		}
		c.g.w.Count("changes", 1)
		if fault := apply(told, change); fault != "" {
			c.g.w.Errorf("%s's mirror of %s, %s of %s at %d: %s", c.name, c.dir, change.Type, change.Key, change.Index, fault)
			return
		}
		switch change.Type {
		case etcd.ChangeResynced:
			resynced = true
			c.g.w.Count("read again", 1)
		case etcd.ChangeSynced:
			if change.Index < last && (!resynced || len(c.g.w.Cluster.Records()) == 1) {
				c.g.w.Errorf("%s's mirror of %s says that it is at %d, behind %d", c.name, c.dir, change.Index, last)
			}
			last, resynced = change.Index, false
			c.compare(told, m, change.Index)
		}
		if c.chance.Happens(slow) && !c.g.calm.Load() { // a loop that is slow gets changes that are merged
			pause(ctx, c.chance.About(2*time.Second))
		}
	}
}

// apply makes a change, and returns how it does not fit what was told before.
func apply(told map[string]etcd.Node, change etcd.Change) string {
	if change.Type == etcd.ChangeResynced || change.Type == etcd.ChangeSynced {
		return ""
	}
	old, here := told[change.Key]
	if here != (change.Old != nil) || here && textOf(&old) != textOf(change.Old) {
		return fmt.Sprintf("the old node is %v, and told was %v (%v)", textOf(change.Old), textOf(&old), here)
	}
	if change.New == nil {
		delete(told, change.Key)
	} else {
		told[change.Key] = *change.New
		dir := above(change.Key)
		if parent, here := told[dir]; here && !parent.Dir {
			return "it is in a file"
		}
	}
	if change.New == nil || !change.New.Dir {
		for key := range told {
			if within(key, change.Key) {
				return key + " was not deleted before"
			}
		}
	}
	return ""
}

// compare checks that the changes add up to what the mirror holds, if that is still what it was then.
func (c *copier) compare(told map[string]etcd.Node, m *etcd.Mirror, index uint64) {
	s := m.Snapshot()
	if s.Index != index {
		return
	}
	held := map[string]string{}
	for node := range s.Walk() {
		held[node.Key] = textOf(node)
	}
	if m.Index() != index || len(held) != len(told) {
		if m.Index() == index {
			c.g.w.Errorf("%s's mirror of %s at %d has %d nodes, and told %d", c.name, c.dir, index, len(held), len(told))
		}
		return
	}
	for key, node := range told {
		if held[key] != textOf(&node) {
			c.g.w.Errorf("%s's mirror of %s at %d holds %s, and told %s", c.name, c.dir, index, held[key], textOf(&node))
		}
	}
}
