package etcd

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/follow"
)

// insist makes a call for something that runs: a watch or a mirror that a member has served. If the call is
// refused with ErrUnauthorized, insist repeats it, at once after SetCredentials and otherwise after a pause. It
// returns the refusal if calls of the same kind have been refused for refusedTime. A password is changed on the
// server and in its clients one after the other, and a member may lag behind the change.
func (c *Client) insist(ctx context.Context, kind *refusals, call func() error) error {
	life := c.cluster.Life()
	for {
		replaced := c.cluster.CredentialsReplaced()
		if pause, over := kind.pauseWith(replaced); pause > 0 && ctx.Err() == nil && life.Err() == nil {
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-replaced:
			case <-over:
			case <-ctx.Done(): // the call returns why
			case <-life.Done():
			}
			timer.Stop()
			continue
		}
		err := call()
		refused := errors.Is(err, ErrUnauthorized)
		switch {
		case !refused && ctx.Err() == nil: // otherwise the call shows nothing
			kind.end()
			return err
		case !refused || kind.last(replaced):
			return err
		}
	}
}

// refusals says for how long calls of one kind have been refused, and when the next one may be made. All
// those of a watch take turns, because it costs a server much to compare a password, and a watch makes new
// requests when others take long. The zero value says that calls are not refused.
type refusals struct {
	mu    sync.Mutex
	over  chan struct{}   // closed when a call is not refused any more; nil if none is
	since time.Time       // when the first was refused
	next  time.Time       // when the next may be made
	pause backoff.Backoff // before that
	with  <-chan struct{} // closed when others replace the credentials of the last call
}

// pauseWith returns how long to wait before a call, and what ends the pause. Zero gives the caller the turn.
func (r *refusals) pauseWith(replaced <-chan struct{}) (pause time.Duration, over <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch left := time.Until(r.next); {
	case r.over == nil:
		return 0, nil
	case r.with != replaced:
		r.pause.Reset()
	case left > 0:
		return left, r.over
	}
	r.takeTurn(replaced)
	return 0, nil
}

// takeTurn makes other calls wait. The last one is made when refusedTime is over.
func (r *refusals) takeTurn(replaced <-chan struct{}) {
	now := time.Now()
	r.with = replaced
	r.next = now.Add(min(r.pause.Step(), r.since.Add(refusedTime).Sub(now)))
}

// last records a refusal, and reports whether refusedTime is over.
func (r *refusals) last(replaced <-chan struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over == nil {
		r.over, r.since, r.pause = make(chan struct{}), time.Now(), refusedPause
		r.takeTurn(replaced)
	}
	return time.Since(r.since) >= refusedTime
}

// end records that a call was not refused.
func (r *refusals) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over != nil {
		close(r.over)
		r.over = nil
	}
}

// insistent is the source of a watch that retries requests that are refused, once a member has served the watch.
// The first request of a watch fails at once. The engine does not learn of a refusal that passes; it sees a
// member that takes long to answer.
type insistent struct {
	*source
	polls, checks refusals // apart: the watch must end if only one of the two is refused
}

func (s *insistent) insist(ctx context.Context, kind *refusals, call func() error) error {
	if !s.served.Load() {
		return call()
	}
	return s.client.insist(ctx, kind, call)
}

func (s *insistent) Present(ctx context.Context) (index uint64, err error) {
	err = s.insist(ctx, &s.polls, func() error {
		index, err = s.source.Present(ctx)
		return err
	})
	return index, err
}

func (s *insistent) Poll(ctx context.Context, from uint64, keyOnly bool, pulse func(confirmed bool)) (answer follow.Answer, err error) {
	err = s.insist(ctx, &s.polls, func() error {
		answer, err = s.source.Poll(ctx, from, keyOnly, pulse)
		return err
	})
	return answer, err
}

func (s *insistent) Stream(ctx context.Context) (answer follow.Answer, err error) {
	err = s.insist(ctx, &s.polls, func() error {
		answer, err = s.source.Stream(ctx)
		return err
	})
	return answer, err
}

func (s *insistent) CheckRolledBack(ctx context.Context, next uint64) error {
	return s.insist(ctx, &s.checks, func() error { return s.source.CheckRolledBack(ctx, next) })
}

func (s *insistent) CheckHistory(ctx context.Context) error {
	return s.insist(ctx, &s.checks, func() error { return s.source.CheckHistory(ctx) })
}
