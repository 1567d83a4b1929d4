package replicate

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/sleep"
)

const (
	writers   = 32                     // requests in flight
	pause     = 100 * time.Millisecond // after a failure
	fruitless = 300                    // rounds in which nothing gets done before it is given up
)

// write does rounds until the mirrors show that the target has what each edit wants. A round writes one step of each edit that
// is left; what a refusal means, or an answer that was lost, shows in the next one.
func (t *toV2) write(ctx context.Context, edits []edit, checkpoint Checkpoint) error {
	if !t.claimed {
		if err := t.save(ctx, checkpoint); err != nil {
			return err
		}
	}
	for vain := 0; ; {
		left := t.left(edits)
		if len(left) == 0 {
			return t.save(ctx, checkpoint)
		}
		if len(left) < len(edits) {
			vain = 0
		}
		if vain > fruitless {
			return fmt.Errorf("replicate: %q cannot be written; is another program writing to the target?", left[0].key)
		}
		edits = left
		reached, failed := t.round(ctx, edits)
		if vain++; failed != nil {
			vain = 0
			if final(ctx, failed) {
				return failed
			}
			if err := sleep.For(ctx, pause); err != nil {
				return err
			}
		}
		if err := errors.Join(t.await(ctx, reached...), t.mirrorError()); err != nil {
			return err
		}
	}
}

// left returns the edits whose keys are not yet what they have to become.
func (t *toV2) left(edits []edit) []edit {
	var left []edit
	for _, e := range edits {
		if node, there := t.get(e.key); !e.holds(node, there) && !e.over() {
			left = append(left, e)
		}
	}
	return left
}

// over reports whether the edit is of a key that has expired: the source deletes it, and so will the target.
func (e edit) over() bool { return !e.expires.IsZero() && !e.expires.After(time.Now()) }

// round sends one step of each edit. It returns the highest index of the answers by root, and an error of a request that got no answer.
func (t *toV2) round(ctx context.Context, edits []edit) ([]uint64, error) {
	gone := map[string]bool{}
	for _, e := range edits {
		gone[e.key] = e.gone
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	reached := make([]uint64, len(t.roots))
	var failed error
	slots := make(chan struct{}, writers)
	for _, e := range edits {
		if e.gone && goneAbove(gone, e.key) {
			continue
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			index, err := t.step(ctx, e)
			mu.Lock()
			defer mu.Unlock()
			if at := rootOf(t.roots, e.key); at >= 0 {
				reached[at] = max(reached[at], index)
			}
			if err != nil && (failed == nil || final(ctx, err)) {
				failed = err
			}
		})
	}
	all.Wait()
	return reached, failed
}

// goneAbove reports whether a directory above key goes, too, and takes key with it.
func goneAbove(gone map[string]bool, key string) bool {
	for dir := path.Dir(key); dir != "/"; dir = path.Dir(dir) {
		if gone[dir] {
			return true
		}
	}
	return false
}

// step writes what brings a key closer to what it has to become. It returns the index of the answer; a refusal is one.
func (t *toV2) step(ctx context.Context, e edit) (uint64, error) {
	var resp *etcd.Response
	var err error
	is := t.node(e.key)
	switch {
	case is != nil && is.Dir && (e.gone || !e.dir || !e.holds(nodeOf(is, time.Now()), true)):
		// A directory cannot be given a TTL, or lose it, on etcd 3.5. It is made anew; what was in it follows.
		resp, err = t.client.Delete(ctx, e.key, etcd.WithRecursive())
	case is != nil && (e.gone || e.dir):
		resp, err = t.client.CompareAndDelete(ctx, e.key, etcd.Prev{Index: is.ModifiedIndex})
	case e.gone:
		return 0, nil
	case e.dir:
		resp, err = t.client.CreateDir(ctx, e.key, etcd.If[etcd.SetOption](!e.expires.IsZero(), etcd.WithTTL(e.ttl())))
	case is == nil:
		resp, err = t.client.Create(ctx, e.key, e.value, etcd.If[etcd.CreateOption](!e.expires.IsZero(), etcd.WithTTL(e.ttl())))
	default:
		resp, err = t.client.CompareAndSwap(ctx, e.key, e.value, etcd.Prev{Index: is.ModifiedIndex},
			etcd.If[etcd.CompareAndSwapOption](!e.expires.IsZero(), etcd.WithTTL(e.ttl())))
	}
	var reply *etcd.Error
	switch {
	case err == nil:
		return resp.Index, nil
	case refused(err) && errors.As(err, &reply):
		return reply.Index, nil
	}
	return 0, err
}

// ttl returns the time that is left, of which etcd needs at least a second.
func (e edit) ttl() time.Duration { return max(time.Until(e.expires), time.Second) }

// refused reports whether err is the answer that a key is not as the condition says.
func refused(err error) bool {
	for _, code := range []etcd.ErrorCode{
		etcd.ErrKeyNotFound, etcd.ErrCompareFailed, etcd.ErrNotFile, etcd.ErrNotDir, etcd.ErrNodeExist, etcd.ErrDirNotEmpty,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// final reports whether the same request cannot succeed later.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, etcd.ErrInvalidArgument) || errors.Is(err, etcd.ErrUnauthorized) ||
		errors.Is(err, etcd.ErrNotSupported) || errors.Is(err, etcd.ErrClosed) || errors.Is(err, etcd.ErrWrongCluster)
}

// nodeOf returns a node of etcd as one of a dump, with its time of expiry by this machine's clock, where read is when it was
// read.
func nodeOf(n *etcd.Node, read time.Time) dump.Node {
	node := dump.Node{Key: n.Key, Value: n.Value, Dir: n.Dir, Created: n.CreatedIndex, Modified: n.ModifiedIndex}
	if !n.Expiration.IsZero() {
		ttl := max(n.TTL, 0)
		node.TTL, node.Expires = int64(ttl/time.Second), read.Add(ttl)
	}
	return node
}
