package replicate

import (
	"context"

	"github.com/etcdv2/client/etcd"
)

// BreakOff does a cut-over up to a state.
func (r *Replicator) BreakOff(ctx context.Context, state State) error {
	if _, err := r.stop(ctx, CutOver{}); err != nil || state == Stopping {
		return err
	}
	_, err := r.attach(ctx)
	return err
}

// An Edit is an edit of a key.
type Edit struct {
	Key, Value string
	Gone       bool
}

// FilesOf returns what changes are in a target without directories.
func FilesOf(markers bool) func(etcd.Change) []Edit {
	files := newFiles(markers)
	return func(c etcd.Change) []Edit {
		var edits []Edit
		for _, e := range files.edits(c) {
			edits = append(edits, Edit{Key: e.key, Value: e.value, Gone: e.gone})
		}
		return edits
	}
}
