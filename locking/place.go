package locking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// place is a place in line: a key of our own, and what keeps it there. It ends when it is given up or lost.
//
// Every write on the key is guarded by the index of the one before. So one that was held up on its way can
// take effect only as long as nothing came after it, and never on a key that is no longer ours. It is not
// guarded by the value: etcd stamps a key's time of expiry where the write arrives, so a renewal that was
// held up and applied behind a later one would shorten the key's life. Nor need the index be short enough for
// a request line, as a value would.
type place struct {
	queue *queue
	key   string
	token uint64 // createdIndex, known before the lock is held: one from then on would cost a write at each hand-over
	id    string

	ctx    context.Context // the place's life; its cause says why it has ended
	cancel context.CancelCauseFunc
	work   sync.WaitGroup // what keeps the place
	turn   chan struct{}  // holds one token, for who writes

	// Only for who has the turn.
	index uint64 // modifiedIndex
	entry entry

	slow      bool  // the write that made the place took longer than a renewal may
	mayBeGone bool  // a deletion may have been carried out
	gone      bool  // the key is gone, or another's
	loss      error // an ErrLost if that was not our deletion

	mu       sync.Mutex
	value    string
	ttl      time.Duration // to be kept alive with; 0 for a key that never expires
	deadline time.Time     // before which the server cannot have let the key expire; zero for never
	expiry   *time.Timer
	renewed  chan struct{} // told of new deadlines
	failure  error         // of the last renewal; nil for none
	answered bool          // a request for the place has been answered since it was made
}

// newPlace returns the place that a write has made, and begins to keep it.
func newPlace(ctx context.Context, q *queue, e entry, resp *etcd.Response, deadline time.Time) *place {
	p := &place{
		queue:    q,
		key:      resp.Node.Key,
		token:    resp.Node.CreatedIndex,
		id:       e.ID,
		turn:     make(chan struct{}, 1),
		index:    resp.Node.ModifiedIndex,
		entry:    e,
		value:    q.layout.decode(q.layout.encode(e)).Value,
		ttl:      q.ttl,
		deadline: deadline,
		renewed:  make(chan struct{}, 1),
	}
	if deadline.IsZero() {
		p.ttl = 0
	} else {
		p.slow = time.Until(deadline) < q.ttl-q.ttl/renewals
	}
	// What is held outlives the call that waited for it.
	p.ctx, p.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	p.mu.Lock() // for expire, which may come at once
	p.expiry = time.AfterFunc(time.Until(p.cutoff()), p.expire)
	p.mu.Unlock()
	p.work.Go(p.keepAlive)
	p.work.Go(func() { p.guard(resp) })
	return p
}

// lose ends the place for a reason.
func (p *place) lose(err error) { p.cancel(err) }

// ours reports whether node is the key as we have written it.
func (p *place) ours(node *etcd.Node) bool {
	return node.CreatedIndex == p.token && p.queue.layout.decode(node.Value).ID == p.id
}

// check reads the key and returns the node, or an ErrLost that says why the key is no longer ours.
func (p *place) check(ctx context.Context) (*etcd.Response, error) {
	resp, err := p.queue.client.Get(ctx, p.key, etcd.WithQuorum())
	switch {
	case errors.Is(err, etcd.ErrKeyNotFound):
		return nil, lost(p.key, errGone)
	case err != nil:
		return nil, err
	case !p.ours(resp.Node):
		return nil, lost(p.key, errTakenOver)
	}
	return resp, nil
}

// giveUp leaves the line for a caller who has not got the lock, within bounded time.
func (p *place) giveUp(ctx context.Context) {
	ctx, cancel := detached(ctx)
	defer cancel()
	_ = p.leave(ctx) // what is left of the key expires
}

// leave ends the place and removes its key. It returns an ErrLost if the key is not ours any more.
func (p *place) leave(ctx context.Context) error {
	p.cancel(ErrUnlocked)
	p.expiry.Stop()
	defer p.work.Wait()
	select {
	case p.turn <- struct{}{}: // a write does not have it long, since the place has ended; another leave may
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return contexts.Err(ctx)
	}
	for again := newPause(); !p.gone; {
		err := p.remove(ctx)
		switch {
		case err == nil, errors.Is(err, ErrLost):
			p.gone, p.loss = true, err
			p.queue.tidy(ctx)
		case !passes(err), again.Wait(ctx, ctx) != nil:
			return contexts.Join(ctx, err)
		}
	}
	return p.loss
}

// remove deletes the key. A key that is not there any more, or not ours, was lost, unless it was an earlier
// try that deleted it.
func (p *place) remove(ctx context.Context) error {
	_, err := p.queue.client.CompareAndDelete(ctx, p.key, etcd.Prev{Index: p.index})
	switch {
	case refused(err, etcd.ErrCompareFailed):
		if err = p.reread(ctx); err == nil {
			return p.remove(ctx)
		}
	case refused(err, etcd.ErrKeyNotFound):
		err = lost(p.key, errGone)
	case errors.Is(err, etcd.ErrOutcomeUnknown):
		p.mayBeGone = true
	}
	if p.mayBeGone && errors.Is(err, ErrLost) {
		return p.howGone(ctx)
	}
	return err
}

// howGone returns nil if the history shows that the key was deleted as remove does it, or an ErrLost.
func (p *place) howGone(ctx context.Context) error {
	for event, err := range p.queue.client.Watch(ctx, p.key, etcd.WithAfterIndex(p.index)) {
		switch {
		case errors.Is(err, etcd.ErrEventIndexCleared):
			return lost(p.key, fmt.Errorf("%w, and the history no longer shows how: %w", errGone, errs.Bare(err)))
		case err != nil:
			return err
		case stays(event, p.key, p.token) && p.ours(event.Node):
			continue
		case stays(event, p.key, p.token): // whoever has taken it over may have deleted it as remove does
			return lost(p.key, errTakenOver)
		case event.Action == etcd.ActionCompareAndDelete && event.Node.Key == p.key:
			return nil
		}
		return lostBy(event, p.key)
	}
	return contexts.Err(ctx)
}
