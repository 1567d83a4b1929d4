package etcd

import (
	"context"
	"iter"
	"time"

	"github.com/etcdv2/client/internal/contexts"
)

// A burst of changes is over when nothing has changed for burstCalm, or has lasted for burstMost.
const (
	burstCalm = 10 * time.Millisecond
	burstMost = 100 * time.Millisecond
)

// Snapshots iterates over the content of the mirror: as it is now, and again after each burst of changes. A
// burst ends when nothing has changed for 10 ms; during a longer burst there is a snapshot every 100 ms. A loop
// that is slower than that gets the latest content each time.
//
//	for snapshot, err := range mirror.Snapshots(ctx) {
//		if err != nil {
//			return err
//		}
//		reload(snapshot.Leaves())
//	}
//
// A snapshot costs a copy of the whole content; Changes costs only what changes. A loop ends with one pair of an
// empty Snapshot and an error: ctx.Err(), or the reason why the mirror has ended.
func (m *Mirror) Snapshots(ctx context.Context) iter.Seq2[Snapshot, error] {
	return func(yield func(Snapshot, error) bool) {
		for {
			snapshot, told := m.snapshot()
			if !yield(snapshot, nil) {
				return
			}
			if err := m.awaitBurst(ctx, told.version); err != nil {
				yield(Snapshot{}, err)
				return
			}
		}
	}
}

// snapshot returns a copy of everything, and the moment that it is of.
func (m *Mirror) snapshot() (Snapshot, mirrorMoment) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return Snapshot{Node: m.tree.copy(), Index: m.index}, mirrorMoment{version: m.version}
}

// awaitBurst returns when the content is another than that of version, and the changes have come to an end. When
// the mirror or ctx ends, it returns why; but if there are changes, it first returns without an error.
func (m *Mirror) awaitBurst(ctx context.Context, version int) error {
	now := m.look(m.dir)
	for now.version == version {
		if err := m.await(ctx, now, nil); err != nil {
			return err
		}
		now = m.look(m.dir)
	}
	most := time.NewTimer(burstMost)
	defer most.Stop()
	for calm := time.NewTimer(burstCalm); ; calm.Reset(burstCalm) {
		select {
		case <-now.changed:
			now = m.look(m.dir)
			continue
		case <-calm.C:
		case <-most.C:
		case <-m.done:
		case <-ctx.Done():
		}
		calm.Stop()
		return contexts.Err(ctx)
	}
}
