package locking

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
)

// change changes what a place writes: its entry, and for how long it is to live; 0 is for ever. It returns
// false if nothing is to be written after all.
type change func(e *entry, ttl *time.Duration) (write bool)

// rewrite writes the key anew, as change says. Change is called by who has the turn, and so sees what all
// writes before have done. Rewrite tries again until the key is written, ctx ends, or the key is lost.
func (p *place) rewrite(ctx context.Context, change change) error {
	bound, cancel := p.bound(ctx)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-bound.Done():
		return p.because(ctx, nil)
	}
	e := p.entry
	_, ttl := p.terms()
	if !change(&e, &ttl) {
		return nil
	}
	for again := newPause(); ; {
		err := p.swap(bound, e, ttl)
		if refused(err, etcd.ErrCompareFailed) {
			// One of ours was applied without our being told, or the key is another's.
			if err = p.reread(bound); err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			return nil
		case refused(err, etcd.ErrKeyNotFound):
			err = lost(p.key, errGone)
		}
		if errors.Is(err, ErrLost) {
			p.lose(err)
		}
		p.failed(err)
		if p.ctx.Err() != nil || !passes(err) {
			return p.because(ctx, err)
		}
		if again.Wait(bound, p.ctx) != nil {
			return p.because(ctx, err)
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

// because returns why the place has ended, or err if it has not, joined with the end of ctx, the context of
// the call.
func (p *place) because(ctx context.Context, err error) error {
	if p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	return cmp.Or(contexts.Join(ctx, err), contexts.Err(ctx))
}
