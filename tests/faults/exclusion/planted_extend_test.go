//go:build unix

package exclusion_test

import (
	"context"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/handlock"
)

// forgetful is a lock that is one key. Its renewals choose the TTL before it is their turn to write, and so
// undo an Extend that had the turn meanwhile.
type forgetful struct {
	client *etcd.Client
	value  string
	token  uint64
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing renews it any more

	turn  sync.Mutex
	index uint64

	mu       sync.Mutex
	ttl      time.Duration
	deadline time.Time
}

func renewingAsBefore(client *etcd.Client, name string) contender {
	return contender{writes: true, changes: true, acquire: func(ctx context.Context) (grip, error) {
		for ctx.Err() == nil {
			value, sent := handlock.Unique(name), time.Now()
			resp, err := client.Create(ctx, singleKey, value, etcd.WithTTL(ttl), etcd.WithUniqueValue())
			if err != nil {
				rest(ctx, 50*time.Millisecond)
				continue
			}
			f := &forgetful{
				client: client, value: value, token: resp.Node.CreatedIndex, done: make(chan struct{}),
				index: resp.Node.ModifiedIndex, ttl: ttl, deadline: sent.Add(ttl),
			}
			f.ctx, f.cancel = context.WithCancel(context.Background())
			go f.keepAlive()
			return f, nil
		}
		return nil, ctx.Err()
	}}
}

func (f *forgetful) Context() context.Context { return f.ctx }
func (f *forgetful) Token() uint64            { return f.token }

func (f *forgetful) terms() (time.Duration, time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ttl, f.deadline
}

func (f *forgetful) Deadline() time.Time {
	_, deadline := f.terms()
	return deadline
}

func (f *forgetful) keepAlive() {
	defer close(f.done)
	defer f.cancel()
	for {
		before, deadline := f.terms() // the bug: by the turn to write, the TTL may be another
		if rest(f.ctx, ttl/8); f.ctx.Err() != nil || time.Now().After(deadline) {
			return
		}
		_ = f.write(f.ctx, before)
	}
}

// Extend gives the lock a new TTL.
func (f *forgetful) Extend(ctx context.Context, ttl time.Duration) error { return f.write(ctx, ttl) }

func (f *forgetful) write(ctx context.Context, ttl time.Duration) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	sent := time.Now()
	resp, err := f.client.CompareAndSwap(ctx, singleKey, f.value, etcd.Prev{Index: f.index}, etcd.WithTTL(ttl))
	if err != nil {
		return err
	}
	f.index = resp.Node.ModifiedIndex
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ttl, f.deadline = ttl, sent.Add(ttl)
	return nil
}

func (f *forgetful) Unlock(ctx context.Context) error {
	f.cancel()
	<-f.done
	_, err := f.client.CompareAndDelete(ctx, singleKey, etcd.Prev{Value: f.value})
	return err
}
