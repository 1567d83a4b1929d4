package witness

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// A Listener does what a mirror's Changes tell it, in the background, and so has the mirror's content
// too. Use Listen.
type Listener struct {
	dir  string
	stop context.CancelFunc
	done chan struct{}
	look func(n int)

	mu      sync.Mutex
	nodes   Nodes
	changes int
	resyncs int
	err     error // what the loop ended with, or what was wrong about a change
}

// Listen begins to listen to a mirror of dir, until the test ends. Look is called after each change with
// how many there were.
func Listen(tb testing.TB, m *etcd.Mirror, dir string, look func(n int)) *Listener {
	ctx, stop := context.WithCancel(tb.Context())
	l := &Listener{dir: dir, stop: stop, done: make(chan struct{}), look: look, nodes: Nodes{}}
	go l.run(ctx, m)
	tb.Cleanup(l.Stop)
	return l
}

// Stop ends the loop and returns when it has ended.
func (l *Listener) Stop() {
	l.stop()
	<-l.done
}

func (l *Listener) run(ctx context.Context, m *etcd.Mirror) {
	defer close(l.done)
	for change, err := range m.Changes(ctx) {
		n, ok := l.add(change, err)
		if !ok {
			return
		}
		l.look(n)
	}
}

func (l *Listener) add(change etcd.Change, err error) (n int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = l.do(change)
	}
	if l.changes++; err != nil {
		l.err = err
		return l.changes, false
	}
	return l.changes, true
}

// do makes the change, if it fits what was told before.
func (l *Listener) do(change etcd.Change) error {
	switch change.Type {
	case etcd.ChangeResynced:
		l.resyncs++
		return nil
	case etcd.ChangeSynced:
		return nil
	}
	held, here := l.nodes[change.Key]
	switch {
	case here != (change.Old != nil) || here && held != NewNode(change.Old):
		return fmt.Errorf("%s of %s: told before was %s, and its old node is %+v", change.Type, change.Key, show(held, here), change.Old)
	case change.New == nil:
		delete(l.nodes, change.Key)
	case change.New.Key != change.Key:
		return fmt.Errorf("%s of %s is told of %+v", change.Type, change.Key, change.New)
	default:
		l.nodes[change.Key] = NewNode(change.New)
	}
	return l.inOrder(change)
}

// inOrder checks that what is there is in a directory that is there.
func (l *Listener) inOrder(change etcd.Change) error {
	if change.New != nil && change.Key != l.dir {
		above := path.Dir(change.Key)
		if parent, here := l.nodes[above]; !parent.Dir {
			return fmt.Errorf("%s of %s, but %s is %s", change.Type, change.Key, above, show(parent, here))
		}
	}
	if change.New != nil && change.New.Dir {
		return nil
	}
	for key := range l.nodes {
		if strings.HasPrefix(key, change.Key+"/") {
			return fmt.Errorf("%s of %s, but %s was not deleted before", change.Type, change.Key, key)
		}
	}
	return nil
}

// Await returns when what was told adds up to what m holds.
func (l *Listener) Await(m *etcd.Mirror) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(Patience)
	for {
		nodes, err := l.told()
		want := NodesOf(m.Snapshot().Node)
		if err != nil || maps.Equal(nodes, want) {
			return err
		}
		select {
		case <-limit:
			return fmt.Errorf("what the changes tell is not what the mirror holds: %s", nodes.Difference(want))
		case <-tick.C:
		}
	}
}

func (l *Listener) told() (Nodes, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.nodes), l.err
}

// Counts returns how many changes were told, and how often that the directory was read again.
func (l *Listener) Counts() (changes, resyncs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes, l.resyncs
}
