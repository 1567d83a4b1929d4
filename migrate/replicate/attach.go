package replicate

import (
	"context"
	"fmt"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
)

// attach gives the keys of the target that expire in the source the time that is left to them there, and returns how many it
// gave it to.
func (r *Replicator) attach(ctx context.Context) (int, error) {
	expiring := 0
	err := r.do(ctx, func(e *engine) error {
		if err := e.setState(ctx, Attaching); err != nil {
			return err
		}
		phases, err := e.target.expiring(readTree(ctx, r.config.Source, r.roots))
		if err != nil {
			return err
		}
		var batch []edit
		write := func() error {
			err := e.write(ctx, batch)
			batch = nil
			return err
		}
		for _, edits := range phases {
			for _, edit := range edits {
				if e.shape.of(edit.key, e.get(edit.key)).gone {
					continue // it has expired since
				}
				if expiring++; len(batch) == e.target.batchSize() {
					if err := write(); err != nil {
						return err
					}
				}
				batch = append(batch, edit)
			}
			if err := write(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("replicate: attach expiries: %w", err)
	}
	r.log("%d keys expire in the target as in the source", expiring)
	return expiring, nil
}

// linger watches for writers that have not noticed the switch: what they write to the source is lost.
func (r *Replicator) linger(ctx context.Context, c CutOver, barrier uint64) error {
	if err := sleep.For(ctx, c.Linger); err != nil {
		return err
	}
	var late []dump.Node
	for node, err := range readTree(ctx, r.config.Source, r.roots) {
		if err != nil {
			return fmt.Errorf("replicate: look for late writes: %w", err)
		}
		if node.Modified > barrier {
			late = append(late, node)
		}
	}
	if len(late) > 0 {
		return fmt.Errorf("%w: %d keys, of which the first is %q at index %d", ErrLateWrites, len(late), late[0].Key, late[0].Modified)
	}
	return nil
}

// editWith returns the edit that makes a key what node is, its expiry included.
func editWith(node dump.Node) edit {
	return edit{key: node.Key, dir: node.Dir, value: node.Value, expires: node.Expires}
}

// expiringFiles returns the edits of the nodes that expire, of a tree without directories.
func expiringFiles(nodes func(func(dump.Node, error) bool)) ([]edit, error) {
	var edits []edit
	for node, err := range nodes {
		if err != nil {
			return nil, err
		}
		if !node.Expires.IsZero() {
			edits = append(edits, editWith(node))
		}
	}
	return edits, nil
}

// expiringTree returns the edits of the nodes that expire, of a tree with directories: first those of the directories, which are
// made anew with all that is in them, and then those of the rest.
func expiringTree(nodes func(func(dump.Node, error) bool)) (dirs, rest []edit, err error) {
	var lives dump.Lifetimes
	for node, err := range nodes {
		if err != nil {
			return nil, nil, err
		}
		above := lives.Above(node)
		switch {
		case node.Dir && !node.Expires.IsZero():
			dirs = append(dirs, editWith(node))
		case !node.Expires.IsZero(), !above.IsZero() && above.After(time.Now()):
			rest = append(rest, editWith(node))
		}
	}
	return dirs, rest, nil
}
