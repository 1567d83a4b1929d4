package locking

import (
	"context"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
)

// WithSingleKey makes a Mutex one key: its name is the key, and the key's value is its owner. The key is created
// with a TTL only if it does not exist, renewed by compare-and-swap, and released by compare-and-delete. So the
// mutex excludes all programs that lock in this way, for example through libkv, and the value shows the owner to
// programs that only read it.
//
// The value must be unique: if two contenders have the same WithValue, one whose request gets no answer may take
// the other's key for its own. Without WithValue each Lock has a value of its own. The value cannot be changed,
// and WithIdentity is refused.
//
// The mutex has no queue. Contenders of one Mutex of a process get it in the order in which they came. Between
// processes, the first request that arrives after a release gets it, and all other contenders are woken in vain.
// A program that retries at short intervals gets it more often than one that waits for the release. The Token is
// the key's createdIndex, because that grows from owner to owner and stays the same while the key is renewed;
// modifiedIndex does not. It changes if an owner renews the key with a PUT without a condition.
func WithSingleKey() Option { return func(c *config) { c.layout = single{} } }

// single is the layout of a lock that is one key. Its value is its ID, too.
type single struct{}

func (l single) create(ctx context.Context, client *etcd.Client, key string, e entry, ttl time.Duration,
) (*etcd.Response, error) {
	return client.Create(ctx, key, l.encode(e), etcd.WithTTL(ttl), etcd.WithUniqueValue())
}

func (single) encode(e entry) string { return e.Value }

func (single) decode(value string) entry { return entry{Value: value, ID: value} }

func (single) compare(a, b Contender) int { return strings.Compare(a.Key, b.Key) }

func (single) foreign() string { return "a lock of a single key" }

// lockSingle waits until the key is free, and takes it. One at a time does so for each queue.
func (q *queue) lockSingle(ctx context.Context) (*place, error) {
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-ctx.Done():
		return nil, contexts.Err(ctx)
	}
	waits := false // once it waits, failures are ridden out
	for again := newPause(); ; {
		p, err := q.enqueue(ctx)
		if err == nil {
			return p, nil
		}
		if refused(err, etcd.ErrNodeExist) {
			waits = true
			if err = q.released(ctx); err == nil {
				again.Reset()
				continue
			}
		}
		goesOn := waits && (passes(err) || reads(err))
		if !goesOn || again.Wait(ctx, ctx) != nil {
			return nil, contexts.Join(ctx, err)
		}
	}
}

// released returns when the key may be free, or when it is time to look.
func (q *queue) released(ctx context.Context) error {
	l, err := q.list(ctx)
	if err != nil || len(l.contenders) == 0 {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, max(lookAgain, q.ttl))
	defer cancel()
	err = q.follow(bounded, l.contenders[0], l.index)
	if bounded.Err() != nil {
		return contexts.Err(ctx)
	}
	return err
}
