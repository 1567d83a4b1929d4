package locking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
)

// lock waits in line until the lock is held.
func (q *queue) lock(ctx context.Context) (*Lock, error) {
	rejoins, stillborn := false, 0
	for again := newPause(); ; {
		p, err := q.join(ctx)
		if rejoins && passes(err) && again.Wait(ctx, ctx) == nil {
			continue
		}
		if err != nil {
			return nil, contexts.Join(ctx, err)
		}
		err = p.await(ctx)
		if err == nil {
			return &Lock{p}, nil
		}
		p.giveUp(ctx)
		// Without its key the waiter has lost its place, but nothing that anybody was told of: it takes a new
		// one.
		if !errors.Is(err, ErrLost) || errors.Is(err, errTakenOver) {
			return nil, err
		}
		if stillborn++; !p.stillborn() {
			stillborn = 0
		}
		if stillborn >= mostStillborn {
			return nil, fmt.Errorf("locking: lock %s: TTL %v is too short; %d places in the queue were made slowly, and lost before another request was answered",
				q.dir, q.ttl, stillborn)
		}
		rejoins = true
	}
}

// tryLock takes the lock if that needs no waiting.
func (q *queue) tryLock(ctx context.Context) (*Lock, error) {
	l, err := q.list(ctx)
	if err != nil {
		return nil, err
	}
	_, known := l.identified(q)
	newcomer := append(l.contenders, Contender{Shared: q.shared})
	if err := q.agree(newcomer, len(l.contenders)); err != nil {
		return nil, err
	}
	if !known && len(q.rule(newcomer, len(l.contenders))) > 0 {
		return nil, ErrLocked // without ever having made a key
	}
	join := q.join
	if q.single() {
		join = q.enqueue // which does not wait
	}
	p, err := join(ctx)
	if refused(err, etcd.ErrNodeExist) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, err
	}
	if err := p.tryHold(ctx); err != nil {
		p.giveUp(ctx)
		return nil, err
	}
	return &Lock{p}, nil
}

// join takes a place in line: that of an earlier process of the same identity, or a new one at the end.
func (q *queue) join(ctx context.Context) (*place, error) {
	if q.single() {
		return q.lockSingle(ctx)
	}
	for q.identity != "" {
		l, err := q.list(ctx)
		if err != nil {
			return nil, err
		}
		earlier, ok := l.identified(q)
		if !ok {
			break
		}
		p, err := q.takeOver(ctx, earlier)
		if !refused(err, etcd.ErrCompareFailed) && !refused(err, etcd.ErrKeyNotFound) {
			return p, err
		}
	}
	return q.enqueue(ctx)
}

// identified returns the contender in whose place one of the queue's identity stands.
func (l line) identified(q *queue) (Contender, bool) {
	for _, c := range l.contenders {
		if q.identity != "" && c.Identity == q.identity && c.Shared == q.shared {
			return c, true
		}
	}
	return Contender{}, false
}

// enqueue takes a new place at the end of the line.
func (q *queue) enqueue(ctx context.Context) (*place, error) {
	if q.err != nil {
		return nil, q.err
	}
	if err := contexts.Err(ctx); err != nil {
		return nil, err
	}
	e, sent := q.newEntry(), time.Now()
	late, cancel := lingering(ctx)
	defer cancel()
	resp, err := q.layout.create(late, q.client, q.dir, e, q.ttl)
	if err != nil {
		q.sweep(ctx, e, err)
		return nil, contexts.Join(ctx, err) // late may have ended otherwise
	}
	return newPlace(ctx, q, e, resp, sent.Add(q.ttl)), nil
}

// takeOver takes the place of an earlier process. What that one still writes does not count any more.
func (q *queue) takeOver(ctx context.Context, earlier Contender) (*place, error) {
	e, sent := q.newEntry(), time.Now()
	opts := []etcd.CompareAndSwapOption{etcd.WithUniqueValue()}
	deadline := time.Time{}
	if !earlier.permanent {
		opts = append(opts, etcd.WithTTL(q.ttl))
		deadline = sent.Add(q.ttl)
	}
	late, cancel := lingering(ctx)
	defer cancel()
	resp, err := q.client.CompareAndSwap(late, earlier.Key, q.layout.encode(e), etcd.Prev{Index: earlier.index}, opts...)
	if err != nil {
		return nil, contexts.Join(ctx, err)
	}
	return newPlace(ctx, q, e, resp, deadline), nil
}

func (q *queue) newEntry() entry {
	id, value := newID(), processName()
	if q.value != nil {
		value = *q.value
	} else if q.single() {
		value += ":" + id
	}
	if q.single() {
		id = value
	}
	return entry{Value: value, ID: id, Identity: q.identity, Shared: q.shared, Limit: q.limit, Former: q.former}
}

// sweep removes what a failed creation may have left.
func (q *queue) sweep(ctx context.Context, e entry, err error) {
	if !errors.Is(err, etcd.ErrOutcomeUnknown) {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	for again := newPause(); ; {
		l, err := q.list(ctx)
		for _, c := range l.contenders {
			if c.id == e.ID {
				_, err = q.client.CompareAndDelete(ctx, c.Key, etcd.Prev{Index: c.index})
			}
		}
		if err == nil {
			q.tidy(ctx)
			return
		}
		if !etcd.Retryable(err) || again.Wait(ctx, ctx) != nil {
			return
		}
	}
}
