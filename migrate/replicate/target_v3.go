package replicate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/v3tree"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// V3Options are those of ToV3.
type V3Options struct {
	// Mapping names the keys. Empty means v3tree.Identity. Its rules must not be able to give two keys the same v3 key.
	Mapping v3tree.Mapping

	// Limits are those of the server.
	Limits v3tree.Limits

	// Markers keeps empty directories, as empty keys that end in a slash.
	Markers bool

	// Compact is how much of the target's history is kept: the replicator compacts what is older. Etcd v3 keeps every version
	// of every key until somebody compacts, and refuses writes when its quota, 2 GB by default, is used up. Zero means that
	// the cluster does so by itself, with --auto-compaction-retention.
	Compact time.Duration
}

// ToV3 returns the target that is an etcd v3 cluster.
func ToV3(client *clientv3.Client, opts V3Options) Target {
	if len(opts.Mapping) == 0 {
		opts.Mapping = v3tree.Identity
	}
	return &toV3{client: client, opts: opts}
}

// metaV3 is the beginning of the keys that this package writes for itself.
const metaV3 = "_etcd2/"

type toV3 struct {
	client *clientv3.Client
	opts   V3Options
	name   string
	read   v3tree.Mapping // of the roots only
	chain  *v3tree.Chain
	leases *v3tree.Leases

	due      time.Time // when to compact next
	revision int64     // to which
}

func (t *toV3) open(ctx context.Context, name string, roots []string) (Checkpoint, bool, error) {
	if err := errors.Join(t.opts.Mapping.Check(), t.opts.Mapping.CheckDisjoint()); err != nil {
		return Checkpoint{}, false, err
	}
	read, err := t.opts.Mapping.Within(roots...)
	if err != nil {
		return Checkpoint{}, false, err
	}
	t.name, t.read, t.leases = name, read, v3tree.NewLeases(t.client)
	var found Checkpoint
	chain, ok, err := v3tree.OpenChain(ctx, t.client, metaV3+"replicate/"+name+"/checkpoint", &found)
	t.chain = chain
	return found, ok, err
}

func (t *toV3) write(ctx context.Context, edits []edit, checkpoint Checkpoint) error {
	for {
		err := t.try(ctx, edits, checkpoint)
		if !errors.Is(err, rpctypes.ErrLeaseNotFound) {
			return err
		}
		t.leases.Forget() // one has ended on the way
	}
}

func (t *toV3) try(ctx context.Context, edits []edit, checkpoint Checkpoint) error {
	var ops []clientv3.Op
	for _, e := range edits {
		op, err := t.op(ctx, e)
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	groups := t.opts.Limits.Split(ops)
	if len(groups) == 0 {
		groups = append(groups, nil)
	}
	for _, group := range groups {
		if err := t.chain.Commit(ctx, group, checkpoint); err != nil {
			return err
		}
	}
	return nil
}

// key returns the v3 key of a key.
func (t *toV3) key(key string) (string, error) {
	mapped, ok := t.opts.Mapping.Key(key)
	if !ok || strings.HasPrefix(mapped, metaV3) {
		return "", fmt.Errorf("%w: %q has no place in the target", v3tree.ErrMapping, key)
	}
	return mapped, nil
}

func (t *toV3) fits(node dump.Node) error {
	key, err := t.key(node.Key)
	if err != nil {
		return err
	}
	return t.opts.Limits.Check(key, node.Value)
}

func (t *toV3) op(ctx context.Context, e edit) (clientv3.Op, error) {
	key, err := t.key(e.key)
	if err != nil {
		return clientv3.Op{}, err
	}
	if e.gone {
		return clientv3.OpDelete(key), nil
	}
	if err := t.opts.Limits.Check(key, e.value); err != nil {
		return clientv3.Op{}, err
	}
	if e.expires.IsZero() {
		return clientv3.OpPut(key, e.value), nil
	}
	lease, err := t.leases.For(ctx, e.expires)
	if err != nil || lease == 0 {
		return clientv3.OpDelete(key), err // it has expired
	}
	return clientv3.OpPut(key, e.value, clientv3.WithLease(lease)), nil
}

func (t *toV3) nodes(ctx context.Context) iter.Seq2[dump.Node, error] {
	return v3tree.Reader{Client: t.client, Mapping: t.read, Except: metaV3, Leases: true}.Nodes(ctx)
}

func (t *toV3) touched() []string { return nil } // the chain keeps late writes out

func (t *toV3) get(string) (dump.Node, bool) { return dump.Node{}, false }

func (t *toV3) mark(ctx context.Context, text string) error {
	_, err := t.client.Put(ctx, metaV3+"replicate/"+t.name+"/marker", text)
	return err
}

func (t *toV3) tidy(ctx context.Context) error {
	if t.opts.Compact <= 0 || time.Now().Before(t.due) {
		return nil
	}
	t.due = time.Now().Add(t.opts.Compact)
	resp, err := t.client.Get(ctx, metaV3, clientv3.WithCountOnly())
	if err != nil {
		return nil // the next write tells whether it matters
	}
	if t.revision > 0 {
		_, _ = t.client.Compact(ctx, t.revision) // somebody else may have compacted more
	}
	t.revision = resp.Header.Revision
	return nil
}

func (t *toV3) shaped(nodes iter.Seq2[dump.Node, error]) iter.Seq2[dump.Node, error] {
	return v3tree.Flatten(nodes, t.opts.Markers)
}

func (t *toV3) expiring(nodes iter.Seq2[dump.Node, error]) ([][]edit, error) {
	edits, err := expiringFiles(t.shaped(nodes))
	return [][]edit{edits}, err
}

func (t *toV3) newShape() shape { return newFiles(t.opts.Markers) }
func (t *toV3) batchSize() int  { return 120 }
func (t *toV3) close()          {}
