package locking

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
)

// rewrite writes the key anew, with an entry that change has changed, to live for ttl; 0 is for ever. It
// tries again until that has happened, ctx ends, or the key is lost.
func (p *place) rewrite(ctx context.Context, ttl time.Duration, change func(*entry)) error {
	ctx, cancel := p.bound(ctx)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return p.ended(ctx)
	}
	e := p.entry
	change(&e)
	for again := newPause(); ; {
		err := p.swap(ctx, e, ttl)
		if refused(err, etcd.ErrCompareFailed) {
			// One of ours was applied without our being told, or the key is another's.
			if err = p.reread(ctx); err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			return nil
		case refused(err, etcd.ErrKeyNotFound):
			err = lost("%s is gone", p.key)
		}
		if errors.Is(err, ErrLost) {
			p.lose(err)
		}
		if p.ctx.Err() != nil || !etcd.Retryable(err) {
			return p.because(err)
		}
		if again.Wait(ctx, p.ctx) != nil {
			return p.ended(ctx)
		}
	}
}

// swap sends one write, and notes what it does to the deadline.
func (p *place) swap(ctx context.Context, e entry, ttl time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	var opts []etcd.CompareAndSwapOption
	deadline := time.Time{}
	if ttl != 0 {
		opts = append(opts, etcd.WithTTL(ttl))
		deadline = time.Now().Add(ttl) // from before it is sent
	}
	p.assume(ttl, deadline)
	text := p.queue.layout.encode(e)
	resp, err := p.queue.client.CompareAndSwap(ctx, p.key, text, etcd.Prev{Index: p.index}, opts...)
	if err != nil {
		return err
	}
	p.entry, p.index = e, resp.Node.ModifiedIndex
	p.renew(p.queue.layout.decode(text).Value, ttl, deadline)
	return nil
}

// reread learns the index of the key, if it is still ours.
func (p *place) reread(ctx context.Context) error {
	resp, err := p.check(ctx)
	if err == nil {
		p.index = resp.Node.ModifiedIndex
	}
	return err
}

// bound returns a context that ends with ctx and with the place.
func (p *place) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return contexts.Merge(ctx, p.ctx)
}

// ended returns why a call that ctx bounds has come to nothing.
func (p *place) ended(ctx context.Context) error { return p.because(context.Cause(ctx)) }

// because returns why the place has ended, or err if it has not.
func (p *place) because(err error) error {
	if p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	return err
}
