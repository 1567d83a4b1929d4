package sim

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// TestMirrorRestoredQuietly: a mirror on which nothing happens is cut off while the cluster is begun anew, from a copy or
// with nothing, and passes the index that the mirror has come to. So no index shows that, and the mirror has to notice it
// all the same: by what it has read.
func TestMirrorRestoredQuietly(t *testing.T) {
	run(t, "mirrorrestoredquietly", Options{Faults: Faults{Restore: 1}}, func(w *World) {
		chance := w.Chance("quiet")
		for n, began := 0, time.Now(); time.Since(began) < w.length && !w.Failed(); n++ {
			restoreBehind(w, chance, fmt.Sprint("r", n))
		}
		w.Stop()
	})
}

const (
	quiet  = "/quiet" // what is mirrored
	passes = 100      // by so many changes, so that the history still has the one that was read
)

// restoreBehind restores the cluster behind the back of a mirror.
func restoreBehind(w *World, chance *Chance, name string) {
	ctx, cancel := context.WithTimeout(w.Context(), time.Hour)
	defer cancel()
	client := w.Client(name, etcd.Config{})
	defer client.Close()
	time.Sleep(chance.About(backupInterval))
	if _, err := client.Set(ctx, quiet+"/k", name); err != nil {
		w.Errorf("a write in a cluster without faults: %v", err)
		return
	}
	m, err := client.Mirror(ctx, quiet)
	if err != nil {
		w.Errorf("a mirror in a cluster without faults: %v", err)
		return
	}
	defer m.Close()
	time.Sleep(chance.About(5 * time.Second))
	before := w.Cluster.Record().Index()
	behindItsBack(w, name, func() {
		w.Cluster.beginAnew()
		time.Sleep(5 * time.Second) // until there is a leader
		w.Cluster.Flood("PUT", "/1/b/k", passes+max(0, int(before)-int(w.Cluster.Record().Index())), time.Millisecond)
	})
	w.Count("restores", 1)
	time.Sleep(time.Minute)
	for began := time.Now(); ; time.Sleep(time.Second) {
		s, record := m.Snapshot(), w.Cluster.Record()
		fault := (&tree{record: record}).differs(quiet, s.Node, record.Index(), true)
		switch {
		case isWrong(m.Err()):
			w.Count("wrong clusters", 1)
			return
		case m.Err() != nil:
			w.Errorf("the mirror ended with %v", m.Err())
			return
		case fault == "":
			return
		case time.Since(began) > mirrorsReach:
			w.Errorf("%v after the cluster was restored, the mirror shows at %d, and had come to %d: %s", mirrorsReach, s.Index, before, fault)
			return
		}
	}
}

// behindItsBack does something while all connections of a client are dead.
func behindItsBack(w *World, client string, something func()) {
	for _, m := range w.Cluster.Peers() {
		p := w.net.path(client, m.Name())
		p.block()
		p.each((*line).die)
		defer p.free()
	}
	something()
}

// beginAnew restores the cluster.
func (c *Cluster) beginAnew() {
	c.mu.Lock()
	heal := c.restore()
	c.mu.Unlock()
	time.Sleep(restoreTime)
	c.mu.Lock()
	defer c.mu.Unlock()
	heal()
}
