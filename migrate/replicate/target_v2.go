package replicate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
)

// ToV2 returns the target that is another etcd v2 cluster. The keys stay as they are.
//
// It keeps mirrors of the target, and with them writes only what is not there yet, each time on the condition that nothing has
// happened to the key since the mirror saw it. So a write whose outcome is unknown is simply looked at again, and one that
// arrives late changes nothing. One case is left: a creation that arrives after the key was created by a repetition, and deleted
// again. The mirrors show it, and the key is deleted once more.
func ToV2(client *etcd.Client) Target { return &toV2{client: client} }

type toV2 struct {
	client *etcd.Client
	roots  []string
	copies []*etcd.Mirror // of the roots
	loops  sync.WaitGroup
	stop   context.CancelFunc

	dir      string // of the checkpoint and the marker
	run      string
	seq      int
	revision uint64 // modifiedIndex of the checkpoint; 0 if it does not exist
	last     Checkpoint
	next     Checkpoint // to be written when it is time
	written  time.Time
	claimed  bool // the checkpoint has been written by this run

	mu      sync.Mutex
	changed map[string]struct{}
	err     error // why a mirror has ended
}

// stamp is how often the checkpoint is written at most while its State stays Replicating.
const stamp = time.Second

func (t *toV2) open(ctx context.Context, name string, roots []string) (Checkpoint, bool, error) {
	*t = toV2{client: t.client, roots: roots, dir: base + "/replicate/" + name, run: newRun(), changed: map[string]struct{}{}}
	if err := t.begin(ctx); err != nil {
		t.close()
		return Checkpoint{}, false, err
	}
	resp, err := t.client.Get(ctx, t.checkpoint(), etcd.WithQuorum())
	switch {
	case errors.Is(err, etcd.ErrKeyNotFound):
		return Checkpoint{}, false, nil
	case err != nil:
		t.close()
		return Checkpoint{}, false, err
	}
	t.revision = resp.Node.ModifiedIndex
	var found stamped
	if err := json.Unmarshal([]byte(resp.Node.Value), &found); err != nil {
		t.close()
		return Checkpoint{}, false, fmt.Errorf("replicate: %s is not a checkpoint: %w", t.checkpoint(), err)
	}
	return found.Checkpoint, true, nil
}

func (t *toV2) checkpoint() string { return t.dir + "/checkpoint" }

// stamped is a checkpoint as the key holds it. Run and Seq make each one different.
type stamped struct {
	Checkpoint
	Run string `json:"run"`
	Seq int    `json:"seq"`
}

// begin makes the mirrors, and notes what changes in them.
func (t *toV2) begin(ctx context.Context) error {
	own, stop := context.WithCancel(ctx)
	t.stop = stop
	for _, root := range t.roots {
		mirror, err := t.client.Mirror(own, root)
		if err != nil {
			return fmt.Errorf("replicate: read the target: %w", err)
		}
		t.copies = append(t.copies, mirror)
		t.loops.Go(func() {
			for change, err := range mirror.Changes(own) {
				t.note(change.Key, err)
			}
		})
	}
	return nil
}

func (t *toV2) note(key string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.err = err
		return
	}
	t.changed[key] = struct{}{}
}

func (t *toV2) touched() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.changed) == 0 {
		return nil
	}
	keys := make([]string, 0, len(t.changed))
	for key := range t.changed {
		if key != "/" {
			keys = append(keys, key)
		}
	}
	t.changed = map[string]struct{}{}
	return keys
}

func (t *toV2) get(key string) (dump.Node, bool) {
	node := t.node(key)
	if node == nil {
		return dump.Node{}, false
	}
	return nodeOf(node, time.Now()), true
}

// node returns what the mirrors of the target hold at key.
func (t *toV2) node(key string) *etcd.Node {
	if at := rootOf(t.roots, key); at >= 0 {
		if node, ok := t.copies[at].Get(key); ok {
			return node
		}
	}
	return nil
}

func (t *toV2) nodes(ctx context.Context) iter.Seq2[dump.Node, error] {
	return readTree(ctx, t.client, t.roots)
}

// mirrorError returns why a mirror has ended.
func (t *toV2) mirrorError() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return fmt.Errorf("replicate: follow the target: %w", t.err)
	}
	return nil
}

// save writes the checkpoint, if nobody else has written it.
func (t *toV2) save(ctx context.Context, c Checkpoint) error {
	t.next = c
	if t.claimed && c.State == Replicating && c.State == t.last.State && (c == t.last || time.Since(t.written) < stamp) {
		return nil
	}
	t.seq++
	text, err := json.Marshal(stamped{Checkpoint: c, Run: t.run, Seq: t.seq})
	if err != nil {
		return err
	}
	for {
		var resp *etcd.Response
		if t.revision == 0 {
			resp, err = t.client.Create(ctx, t.checkpoint(), string(text))
		} else {
			resp, err = t.client.CompareAndSwap(ctx, t.checkpoint(), string(text), etcd.Prev{Index: t.revision})
		}
		if refused(err) { // by another run's write, or by an earlier attempt of this one
			resp, err = t.client.Get(ctx, t.checkpoint(), etcd.WithQuorum())
			if err == nil && resp.Node.Value != string(text) || errors.Is(err, etcd.ErrKeyNotFound) {
				return fmt.Errorf("%w: the checkpoint %s has changed", ErrFenced, t.checkpoint())
			}
		}
		switch {
		case err == nil:
			t.revision, t.last, t.written, t.claimed = resp.Node.ModifiedIndex, c, time.Now(), true
			return nil
		case final(ctx, err):
			return err
		}
		if err := sleep.For(ctx, pause); err != nil {
			return err
		}
	}
}

// await waits until each mirror shows everything up to the index for its root.
func (t *toV2) await(ctx context.Context, indexes ...uint64) error {
	for i, mirror := range t.copies {
		if err := mirror.WaitIndex(ctx, indexes[i]); err != nil {
			return fmt.Errorf("replicate: follow the target: %w", err)
		}
	}
	return nil
}

func (t *toV2) mark(ctx context.Context, text string) error {
	_, err := t.client.Set(ctx, t.dir+"/marker", text)
	return err
}

// tidy writes a checkpoint that is still to be written, and so also finds out whether another run has taken over.
func (t *toV2) tidy(ctx context.Context) error {
	return errors.Join(t.mirrorError(), t.save(ctx, t.next))
}

func (t *toV2) shaped(nodes iter.Seq2[dump.Node, error]) iter.Seq2[dump.Node, error] { return nodes }

func (t *toV2) expiring(nodes iter.Seq2[dump.Node, error]) ([][]edit, error) {
	dirs, rest, err := expiringTree(nodes)
	return [][]edit{dirs, rest}, err
}

func (t *toV2) fits(dump.Node) error { return nil } // what one etcd v2 has, another can hold

func (t *toV2) newShape() shape { return asTree{} }
func (t *toV2) batchSize() int  { return 500 }

func (t *toV2) close() {
	t.stop()
	for _, mirror := range t.copies {
		_ = mirror.Close()
	}
	t.loops.Wait()
}
