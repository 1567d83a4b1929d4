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

// WaitFor returns the node of key as soon as predicate says yes to it; at once, if it does now. Where key
// does not exist predicate is asked about nil, and nil is what WaitFor returns if it says yes.
//
//	node, err := mirror.WaitFor(ctx, "/jobs/4711/state", func(n *etcd.Node) bool {
//		return n != nil && n.Value == "done"
//	})
//
// Predicate is asked again after changes of key, not after each one: a state that lasted only a moment may be
// passed over. It is called in the caller's goroutine, and may take its time.
//
// WaitFor ends with ctx.Err() when ctx ends, and with an error when the mirror ends, see Err. A key that a
// mirror never holds, outside of what is mirrored or hidden in it, is ErrInvalidArgument; so is a nil predicate.
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

// WaitIndex waits until everything up to index, that of a Response, is in the mirror: behind a write,
// WaitIndex with its Index makes the mirror show it. Where the write was elsewhere, the mirror asks whether
// it has missed nothing, which takes a few round trips, and some seconds behind a proxy that breaks connections
// which are to end.
//
// It ends with ctx.Err() when ctx ends; with an error when the mirror ends, see Err; and with
// ErrClusterRolledBack when the mirror's index goes back meanwhile: index is then one of a history that is no
// more.
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
