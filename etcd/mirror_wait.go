package etcd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/follow"
)

// WaitFor returns the node at key as soon as predicate returns true for it, at once if it does now. If the key
// does not exist, predicate is called with nil, and WaitFor returns nil if it returns true.
//
//	node, err := mirror.WaitFor(ctx, "/jobs/4711/state", func(n *etcd.Node) bool {
//		return n != nil && n.Value == "done"
//	})
//
// WaitFor calls predicate again after changes of key, but not after each one: it may miss a state that lasted
// only a moment. It calls predicate in the caller's goroutine, so predicate may take its time.
//
// WaitFor ends with ctx.Err() when ctx is done, and with an error when the mirror ends; see Err. A key that the
// mirror never holds, because it is outside of what is mirrored or hidden in it, is ErrInvalidArgument. So is a
// nil predicate.
func (m *Mirror) WaitFor(ctx context.Context, key string, predicate func(*Node) bool) (*Node, error) {
	key, err := m.checkKey(key)
	if err != nil {
		return nil, err
	}
	if predicate == nil {
		return nil, errs.Invalidf("mirror %s: wait for %q: the predicate is nil", m.dir, key)
	}
	var asked *Node
	for first := true; ; first = false {
		now := m.look(key)
		if first || now.node != asked {
			asked = now.node
			if node := bare(asked); predicate(node) {
				return node, nil
			}
		}
		if err := m.await(ctx, now, nil); err != nil {
			return nil, err
		}
	}
}

// WaitIndex waits until the mirror reflects everything up to index, which is that of a Response: after a write,
// WaitIndex with its Index makes the mirror show the write. If the write was outside of what is mirrored, the
// mirror asks whether it has missed anything. That takes a few round trips, or some seconds behind a proxy that
// breaks connections that are to end.
//
// WaitIndex ends with ctx.Err() when ctx is done, and with an error when the mirror ends; see Err. It ends with
// ErrClusterRolledBack if the mirror's index goes back in the meantime: index then belongs to a history that no
// longer exists. Until the mirror notices that a cluster was restored, it compares index with the history that it
// shows.
func (m *Mirror) WaitIndex(ctx context.Context, index uint64) error {
	began := m.look(m.dir)
	again := time.NewTicker(follow.SearchTime)
	defer again.Stop()
	for now := began; ; now = m.look(m.dir) {
		switch {
		case now.epoch != began.epoch:
			return failed("mirror", m.dir, fmt.Errorf("wait for index %d: %w", index, errs.Bare(ErrClusterRolledBack)))
		case now.index >= index:
			return nil
		}
		follow.Signal(m.request)
		if err := m.await(ctx, now, again.C); err != nil {
			return err
		}
	}
}

// mirrorMoment is a state of the mirror that a waiting call looks at.
type mirrorMoment struct {
	node    *Node // of the key they wait for
	index   uint64
	version int
	epoch   int
	err     error
	changed <-chan struct{} // closed when the moment is over
}

func (m *Mirror) look(key string) mirrorMoment {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return mirrorMoment{node: m.tree.get(key), index: m.index, version: m.version, epoch: m.epoch, err: m.err, changed: m.changed}
}

// await waits for the end of a moment, which no longer comes when the mirror has ended, or for again.
func (m *Mirror) await(ctx context.Context, now mirrorMoment, again <-chan time.Time) error {
	if err := contexts.Err(ctx); err != nil {
		return err
	}
	if now.err != nil {
		return now.err
	}
	select {
	case <-now.changed:
		return nil
	case <-again:
		return nil
	case <-ctx.Done():
		return contexts.Err(ctx)
	}
}

// checkKey returns key as the mirror holds it, and refuses one that it never does.
func (m *Mirror) checkKey(key string) (string, error) {
	key, err := nodeKey(key)
	switch {
	case err != nil:
		return "", err
	case !covers(m.dir, key):
		return "", errs.Invalidf("key %q is not in the mirror of %s", key, m.dir)
	case strings.Contains(key[len(strings.TrimSuffix(m.dir, "/")):], "/_"):
		return "", errs.Invalidf("key %q is hidden in the mirror of %s", key, m.dir)
	}
	return key, nil
}
