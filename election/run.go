package election

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/backoff"
	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/locking"
)

// All times of this package.
const (
	firstPause = 100 * time.Millisecond // between two campaigns, and
	mostPause  = 10 * time.Second       // at most: a candidate must not miss an election for longer
	resignTime = 5 * time.Second        // the TTL ends the term otherwise
)

// Run campaigns, calls lead when elected, and campaigns again when the term was lost or a campaign failed, with
// a growing pause between tries. lead gets a context that ends with ctx and with the term, and must return then.
//
// If lead returns before its term is over, Run resigns and returns what lead returned, even a temporary error:
// lead itself must retry what may succeed the next time. Run also ends with ctx.Err() when ctx is done, and with
// an error that a retry would not change; see etcd.Retryable. The error of the last campaign that failed, or of
// the last lead, is joined to ctx.Err(). Run reports each of them to the client's Observer, as CampaignFailed
// and TermLost. A nil lead is etcd.ErrInvalidArgument.
func (e *Election) Run(ctx context.Context, name string, lead func(ctx context.Context, term *Term) error) error {
	if lead == nil {
		return errs.Invalid("election: run " + e.name + ": the lead function is nil")
	}
	answered := false
	for pause := (backoff.Backoff{First: firstPause, Most: mostPause}); ; {
		began := time.Now()
		again, err := e.once(ctx, name, answered, lead)
		answered = answered || errors.Is(err, locking.ErrLost)
		if !again {
			return err
		}
		if time.Since(began) > mostPause {
			pause.Reset()
		}
		if ended := pause.Wait(ctx, ctx); ended != nil {
			return contexts.Join(ctx, cmp.Or(err, ended))
		}
	}
}

// once campaigns and leads once. again says that this is to be repeated. If a member has answered a campaign before,
// the server has the v2 API, and the page of one without it came from a gateway.
func (e *Election) once(ctx context.Context, name string, answered bool, lead func(ctx context.Context, term *Term) error,
) (again bool, err error) {
	term, err := e.Campaign(ctx, name)
	if err != nil {
		again = ctx.Err() == nil && (etcd.Retryable(err) || errors.Is(err, locking.ErrLost) ||
			answered && errors.Is(err, etcd.ErrNotSupported))
		if again {
			e.client.Observe(CampaignFailed{Election: e.name, Err: err})
		}
		return again, err
	}
	leading, cancel := contexts.Merge(ctx, term.Context())
	defer cancel()
	defer func() { // also when lead panics
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resignTime)
		defer cancel()
		_ = term.Resign(ctx) // what is left ends with its TTL
	}()
	err = lead(leading, term)
	cause := context.Cause(term.Context())
	lost := errors.Is(cause, locking.ErrLost)
	if lost {
		e.client.Observe(TermLost{Election: e.name, Token: term.Token(), Err: cause})
		err = errors.Join(cause, err)
	}
	if ended := contexts.Err(ctx); ended != nil {
		return false, cmp.Or(contexts.Join(ctx, err), ended)
	}
	return lost, err
}
