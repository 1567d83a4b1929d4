package handlock

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	clientv2 "go.etcd.io/etcd/client/v2"
)

// errLost says that the key is not the holder's any more.
var errLost = errors.New("handlock: lock lost")

const (
	renewals = 3  // within a TTL
	safety   = 10 // the part of a TTL by which the local end comes before the deadline
	poll     = 100 * time.Millisecond
	pause    = 20 * time.Millisecond // before another try of a write on the holder's key
)

// Lock is a lock that is held.
type Lock struct {
	keys  clientv2.KeysAPI
	key   string
	value string // unique
	ttl   time.Duration
	token uint64

	ctx    context.Context // ends with the lock
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing renews the key any more
	terms  terms
	index  uint64 // modifiedIndex, for the one that renews, and after done for Unlock
}

// NewKeys returns an API for keys whose requests leave time for others within the TTL.
func NewKeys(endpoints []string, ttl time.Duration) (clientv2.KeysAPI, error) {
	client, err := clientv2.New(clientv2.Config{Endpoints: endpoints, HeaderTimeoutPerRequest: ttl / renewals})
	if err != nil {
		return nil, err
	}
	return clientv2.NewKeysAPI(client), nil
}

// Unique returns a value that begins with name and that nobody has written before.
func Unique(name string) string { return name + " " + rand.Text() }

// Acquire waits until the key is free and creates it. Its value begins with name.
func Acquire(ctx context.Context, keys clientv2.KeysAPI, key, name string, ttl time.Duration) (*Lock, error) {
	for ctx.Err() == nil {
		// A new value each time: a creation whose reply was lost may be carried out during a later one, with
		// less time to live.
		value, sent := Unique(name), time.Now()
		resp, err := keys.Set(ctx, key, value, &clientv2.SetOptions{PrevExist: clientv2.PrevNoExist, TTL: ttl})
		if err != nil {
			// The client sends a write again to another member, which may find the key of the first.
			resp, err = keys.Get(ctx, key, &clientv2.GetOptions{Quorum: true})
		}
		if err == nil && resp.Node.Value == value {
			return hold(keys, key, resp.Node, sent, ttl), nil
		}
		rest(ctx, poll)
	}
	return nil, ctx.Err()
}

func hold(keys clientv2.KeysAPI, key string, node *clientv2.Node, sent time.Time, ttl time.Duration) *Lock {
	l := &Lock{
		keys: keys, key: key, value: node.Value, ttl: ttl, token: node.CreatedIndex, index: node.ModifiedIndex,
		done: make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.terms.begin(sent.Add(ttl), ttl, l.cancel)
	go l.keepAlive()
	return l
}

// Context returns the context that ends with the lock, a tenth of the TTL before the server lets it expire.
func (l *Lock) Context() context.Context { return l.ctx }

// Token returns the key's createdIndex.
func (l *Lock) Token() uint64 { return l.token }

// Deadline returns the moment before which the server does not let the lock expire.
func (l *Lock) Deadline() time.Time { return l.terms.deadline() }

// keepAlive renews the key until the lock ends.
func (l *Lock) keepAlive() {
	defer close(l.done)
	for rest(l.ctx, l.ttl/renewals); l.ctx.Err() == nil; rest(l.ctx, l.ttl/renewals) {
		for {
			err := l.renew()
			if err == nil {
				break
			}
			if errors.Is(err, errLost) {
				l.cancel()
			}
			if rest(l.ctx, pause); l.ctx.Err() != nil {
				break
			}
		}
	}
}

// renew swaps the value for itself. The index keeps a renewal that is late from shortening the key's life
// after one that came later.
func (l *Lock) renew() error {
	sent := time.Now()
	resp, err := l.keys.Set(l.ctx, l.key, l.value, &clientv2.SetOptions{PrevValue: l.value, PrevIndex: l.index, TTL: l.ttl})
	if err != nil {
		return l.because(l.ctx, err)
	}
	l.index = resp.Node.ModifiedIndex
	l.terms.renew(sent.Add(l.ttl))
	return nil
}

// because looks whether a write was refused because one before has been applied without a reply. If the key is
// still the lock's, the next try compares with its new index.
func (l *Lock) because(ctx context.Context, err error) error {
	var reply clientv2.Error
	switch {
	case !errors.As(err, &reply):
		return err
	case reply.Code == clientv2.ErrorCodeKeyNotFound:
		return fmt.Errorf("%w: %w", errLost, err)
	case reply.Code != clientv2.ErrorCodeTestFailed:
		return err
	}
	resp, readErr := l.keys.Get(ctx, l.key, &clientv2.GetOptions{Quorum: true})
	switch {
	case clientv2.IsKeyNotFound(readErr), readErr == nil && resp.Node.Value != l.value:
		return fmt.Errorf("%w: %w", errLost, err)
	case readErr == nil:
		l.index = resp.Node.ModifiedIndex
	}
	return err
}

// Unlock deletes the key if it is still the lock's, and returns nil only then.
func (l *Lock) Unlock(ctx context.Context) error {
	l.cancel()
	l.terms.end()
	<-l.done
	for {
		_, err := l.keys.Delete(ctx, l.key, &clientv2.DeleteOptions{PrevValue: l.value, PrevIndex: l.index})
		if err != nil {
			err = l.because(ctx, err)
		}
		if err == nil || errors.Is(err, errLost) {
			return err
		}
		if rest(ctx, pause); ctx.Err() != nil {
			return err
		}
	}
}

// rest waits a while, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
