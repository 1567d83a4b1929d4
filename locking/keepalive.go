package locking

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
)

// keepAlive renews the key until the place ends.
func (p *place) keepAlive() {
	for again := newPause(); ; {
		if !p.sleep() {
			return
		}
		err := p.rewrite(p.ctx, func(*entry, *time.Duration) bool { return p.due() <= 0 })
		switch {
		case err == nil:
			again.Reset()
		case again.Wait(p.ctx, p.ctx) != nil: // whatever it is, there is time until the deadline
			return
		}
	}
}

// failed notes why a write failed, for who wants to know why the place was lost, and tells the client's
// Observer.
func (p *place) failed(err error) {
	if p.ctx.Err() != nil {
		return // the place ended first, so err is not why
	}
	p.mu.Lock()
	p.failure = err
	deadline := p.deadline
	p.mu.Unlock()
	p.queue.client.Observe(RenewalFailed{Key: p.key, Deadline: deadline, Err: err})
}

// sleep waits until it is time to renew; it is false when the place has ended.
func (p *place) sleep() bool {
	for {
		timer := time.NewTimer(p.due())
		select {
		case <-timer.C:
			return true
		case <-p.renewed:
			timer.Stop()
		case <-p.ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// due returns in what time the key is to be renewed.
func (p *place) due() time.Duration {
	deadline, ttl := p.terms()
	if deadline.IsZero() {
		return math.MaxInt64 // never
	}
	return time.Until(deadline.Add(-ttl + ttl/renewals))
}

// terms returns the deadline and the TTL to renew with.
func (p *place) terms() (deadline time.Time, ttl time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deadline, p.ttl
}

// patience is how long to wait for an answer to one write, so that there is time for others.
func (p *place) patience() time.Duration {
	if _, ttl := p.terms(); ttl != 0 {
		return ttl / renewals
	}
	return DefaultTTL / renewals
}

// assume notes what holds if a write with that TTL is applied, for it may be without our being told.
func (p *place) assume(ttl time.Duration, deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ttl != 0 && (p.deadline.IsZero() || deadline.Before(p.deadline)) {
		p.ttl, p.deadline = ttl, deadline
		p.reset()
	}
}

// renew notes what holds after a write.
func (p *place) renew(value string, ttl time.Duration, deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.value, p.ttl, p.deadline, p.failure, p.answered = value, ttl, deadline, nil, true
	p.reset()
}

// heard notes that a request for the place has been answered.
func (p *place) heard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered = true
}

// stillborn reports whether the place has ended by its own deadline before any request for it was answered, and the
// one that made it was slow. Without that, an outage may be the reason.
func (p *place) stillborn() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow && !p.answered && errors.Is(context.Cause(p.ctx), errOverdue)
}

// reset makes everybody go by the new deadline.
func (p *place) reset() {
	if p.ctx.Err() == nil {
		p.expiry.Reset(time.Until(p.cutoff()))
	}
	select {
	case p.renewed <- struct{}{}:
	default:
	}
}

// cutoff is when the place ends by itself if it is not renewed. It comes before the deadline, since the
// clocks of the members may differ: one of them stamps the time of expiry, and another goes by it.
func (p *place) cutoff() time.Time {
	if p.deadline.IsZero() {
		return time.Now().Add(DefaultTTL) // to look again
	}
	return p.deadline.Add(-p.ttl / safety)
}

// expire ends the place at its cutoff.
func (p *place) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return
	}
	if left := time.Until(p.cutoff()); left > 0 {
		p.expiry.Reset(left)
		return
	}
	if p.failure != nil {
		p.lose(lost(p.key, fmt.Errorf("%w: %w", errOverdue, errs.Bare(p.failure))))
		return
	}
	p.lose(lost(p.key, errOverdue))
}

// guard watches the key from the event after last on, and ends the place when the key is lost.
func (p *place) guard(last *etcd.Response) {
	for again := newPause(); p.ctx.Err() == nil; {
		for event, err := range p.queue.client.Watch(p.ctx, p.key, etcd.WithAfterResponse(last)) {
			if err != nil {
				break
			}
			again.Reset()
			last = event
			if !stays(event, p.key, p.token) {
				p.lose(lostBy(event, p.key))
			} else if !p.ours(event.Node) {
				p.lose(lost(p.key, errTakenOver))
			}
		}
		// The watch has ended, since its history is gone for one. What it has missed is to be seen now.
		resp, err := p.check(p.ctx)
		switch {
		case err == nil:
			last = resp
		case errors.Is(err, ErrLost):
			p.lose(err)
		case errors.Is(err, etcd.ErrClosed):
			p.lose(lost(p.key, err)) // nothing can keep it alive any more
		}
		_ = again.Wait(p.ctx, p.ctx) // what has ended it, the next round says
	}
}

// stays reports whether after the event the key is still the one that was created at index created.
func stays(event *etcd.Response, key string, created uint64) bool {
	if event.Node.Key != key || event.Node.CreatedIndex != created {
		return false
	}
	return event.Action == etcd.ActionUpdate || event.Action == etcd.ActionCompareAndSwap
}
