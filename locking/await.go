package locking

import (
	"cmp"
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
	var last error // why the last round failed, if it did
	looked := false
	for again := newPause(); ; {
		blockers, index, err := p.blockers(ctx)
		switch {
		case ctx.Err() != nil:
			return ended(ctx, last)
		case p.ctx.Err() != nil:
			return context.Cause(p.ctx)
		case err == nil && len(blockers) == 0:
			return p.claim(ctx)
		case err == nil:
			if err = p.watch(ctx, blockers, index); err == nil {
				again.Reset()
			}
		case looked && errors.Is(err, etcd.ErrUnauthorized): // the password may be about to change here, too
		case !passes(err):
			return err
		}
		looked = looked || err == nil
		if last = err; err != nil {
			_ = again.Wait(ctx, p.ctx) // what has ended it, the next round says
		}
	}
}

// ended returns that ctx has ended, and why the last try before that failed, if it did.
func ended(ctx context.Context, last error) error {
	return cmp.Or(contexts.Join(ctx, last), contexts.Err(ctx))
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
	p.heard()
	at := slices.IndexFunc(l.contenders, func(c Contender) bool { return c.Key == p.key })
	if at < 0 {
		err := lost(p.key, errGone)
		p.lose(err)
		return nil, 0, err
	}
	if c := l.contenders[at]; c.id != p.id || c.Token != p.token {
		err := lost(p.key, errTakenOver)
		p.lose(err)
		return nil, 0, err
	}
	if err := p.queue.agree(l.contenders, at); err != nil {
		return nil, 0, err
	}
	return p.queue.rule(l.contenders, at), l.index, nil
}

// claim makes a place at the head of the line a lock, and tells of it who has to know.
func (p *place) claim(ctx context.Context) error {
	if _, ttl := p.terms(); ttl != 0 && !p.queue.permanent && !p.queue.tells {
		return p.because(ctx, nil)
	}
	return p.rewrite(ctx, func(e *entry, ttl *time.Duration) bool {
		e.Held = true
		if p.queue.permanent {
			*ttl = 0
		} else if *ttl == 0 {
			*ttl = p.queue.ttl // taken over from one that had none
		}
		return true
	})
}

// watch returns when one of the blockers may not be one any more, or when it is time to look. It returns an
// error if it could not watch.
func (p *place) watch(ctx context.Context, blockers []Contender, index uint64) error {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	ctx, wake := context.WithTimeout(ctx, max(lookAgain, p.queue.ttl))
	defer wake()
	var watches sync.WaitGroup
	failures := make([]error, len(blockers))
	for i, blocker := range blockers {
		watches.Go(func() {
			defer wake()
			if err := p.queue.follow(ctx, blocker, index); err != nil && ctx.Err() == nil {
				failures[i] = err
			}
		})
	}
	watches.Wait()
	return errors.Join(failures...)
}

// follow returns when c has gone, or has begun to hold.
func (q *queue) follow(ctx context.Context, c Contender, index uint64) error {
	for event, err := range q.watch(ctx, c.Key, index) {
		if err != nil {
			return err
		}
		if !stays(event, c.Key, c.Token) || !c.held && q.layout.decode(event.Node.Value).Held {
			return nil
		}
	}
	return errors.New("not reached")
}
