package locking

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
)

// await returns when the lock is held. An ErrLost says that the place is gone.
func (p *place) await(ctx context.Context) error {
	for again := newPause(); ; {
		blockers, index, err := p.blockers(ctx)
		switch {
		case ctx.Err() != nil:
			return contexts.Err(ctx)
		case p.ctx.Err() != nil:
			return context.Cause(p.ctx)
		case err == nil && len(blockers) == 0:
			return p.claim(ctx)
		case err == nil && p.watch(ctx, blockers, index):
			again.Reset()
		case err == nil || etcd.Retryable(err):
			_ = again.Wait(ctx, p.ctx) // what has ended it, the next round says
		default:
			return err
		}
	}
}

// tryHold is await for who does not wait.
func (p *place) tryHold(ctx context.Context) error {
	blockers, _, err := p.blockers(ctx)
	switch {
	case err != nil:
		return p.because(ctx, err)
	case len(blockers) > 0:
		return ErrLocked
	}
	return p.claim(ctx)
}

// blockers returns for whom the place waits, as of an etcd index. None says that it need not.
func (p *place) blockers(ctx context.Context) ([]Contender, uint64, error) {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	ctx, cancelRead := context.WithTimeout(ctx, p.patience())
	defer cancelRead()
	l, err := p.queue.list(ctx)
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(l.contenders, func(c Contender) bool { return c.Key == p.key })
	if at < 0 {
		err := lost("%s is gone", p.key)
		p.lose(err)
		return nil, 0, err
	}
	if c := l.contenders[at]; c.id != p.id || c.Token != p.token {
		err := lost("%s: %w", p.key, errTakenOver)
		p.lose(err)
		return nil, 0, err
	}
	return p.queue.rule(l.contenders, at), l.index, nil
}

// claim makes a place at the head of the line a lock, and tells of it who has to know.
func (p *place) claim(ctx context.Context) error {
	var ttl time.Duration
	if !p.queue.permanent {
		_, ttl = p.terms()
		if ttl == 0 {
			ttl = p.queue.ttl // taken over from one that had none
		} else if !p.queue.tells {
			return p.because(ctx, nil)
		}
	}
	return p.rewrite(ctx, ttl, func(e *entry) { e.Held = true })
}

// watch returns when one of the blockers may not be one any more, or when it is time to look. It is false
// when it could not watch.
func (p *place) watch(ctx context.Context, blockers []Contender, index uint64) bool {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	ctx, wake := context.WithTimeout(ctx, max(lookAgain, p.queue.ttl))
	defer wake()
	var watches sync.WaitGroup
	var failed sync.Once
	ok := true
	for _, blocker := range blockers {
		watches.Go(func() {
			defer wake()
			if err := p.queue.follow(ctx, blocker, index); err != nil && ctx.Err() == nil {
				failed.Do(func() { ok = false })
			}
		})
	}
	watches.Wait()
	return ok
}

// follow returns when c has gone, or has begun to hold.
func (q *queue) follow(ctx context.Context, c Contender, index uint64) error {
	for event, err := range q.client.Watch(ctx, c.Key, etcd.WithAfterIndex(index)) {
		if err != nil {
			return err
		}
		if !stays(event, c.Key, c.Token) || !c.held && q.layout.decode(event.Node.Value).Held {
			return nil
		}
	}
	return errors.New("not reached")
}
