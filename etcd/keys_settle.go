package etcd

import (
	"context"
	"errors"
	"time"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// UniqueOption is what WithUniqueValue returns.
type UniqueOption interface {
	CreateOption
	CompareAndSwapOption
	CreateInOrderOption
}

// WithUniqueValue promises that nothing else is ever written with this value, for example because it contains a
// random token. If the outcome of a write is unknown, the call finds it out on the server before it returns. It
// looks for the value at the key, with a quorum read, and then in the history of the key since just before the
// write. It goes on until it knows or ctx is done, so give it a deadline: with members or gateways that hang, the
// history may take long to read. Each call costs one more request. A CompareAndSwap by value becomes one by index,
// after a quorum read.
//
//   - If the value is there, or was there and has been replaced or deleted since, the write has succeeded.
//   - If it is certain that the value was never there, Create and CompareAndSwap are sent again. CreateInOrder
//     is not, because an earlier copy could still arrive and create a second node.
//   - If neither is certain, the error is still ErrOutcomeUnknown: the server keeps only the last 1,000 events
//     of all keys, the cluster may have been restored from a backup in the meantime, and with AnyCluster the
//     write may have gone to another cluster. A cluster that was wiped, or restored from a copy that was made while
//     the call ran, is noticed if its index or its raft term is lower than before.
//
// The answer describes the present. A member that hangs may hold back a copy of a Create and deliver it later.
// The copy is refused while the key exists, but creates the key if it has been deleted by then: once more after
// a success, and even after a refusal. If that matters, give the key a TTL, or check for such a key. A late copy
// of a CompareAndSwap is always refused, because the index that it compares with does not come back.
//
// If the write was found, the Response is that of the node or event that was found, and its PrevNode may be
// missing.
func WithUniqueValue() UniqueOption { return uniqueOption{} }

type uniqueOption struct{}

func (uniqueOption) applyCreate(w *write)         { w.unique = true }
func (uniqueOption) applyCompareAndSwap(w *write) { w.unique = true }
func (uniqueOption) applyCreateInOrder(w *write)  { w.unique = true }

// settlement is a write with a value of its own, on its way to a known outcome.
type settlement struct {
	client *Client
	key    string
	write  *write
	send   func() (*Response, error)
	after  point // before the write was sent; the zero point if nothing can be certain

	patience time.Duration // with the last search of the history
}

// settled sends a write and, if it has promised a value of its own, settles an unknown outcome.
func (c *Client) settled(ctx context.Context, key string, w *write, send func() (*Response, error)) (*Response, error) {
	if !w.unique {
		return send()
	}
	if *w.value == "" {
		return nil, errs.Invalidf("value for key %q is empty, so it is not unique", key)
	}
	s := &settlement{client: c, key: key, write: w, send: send, after: w.after}
	if s.after == (point{}) {
		var err error
		s.after, err = c.pointNow(ctx, key)
		// A user that may only write can still write, and settle nothing.
		if err != nil && !errors.Is(err, ErrUnauthorized) {
			return nil, err
		}
	}
	resp, err := send()
	if !errors.Is(err, ErrOutcomeUnknown) {
		return resp, err
	}
	return s.settle(ctx, err)
}

// swapByIndex makes a compare-and-swap by value one that can be sent twice: by value, another write could
// bring the old value back in between.
func (c *Client) swapByIndex(ctx context.Context, key string, w *write) (*Response, error) {
	if _, err := w.form(key); err != nil {
		return nil, err
	}
	if err := w.prev.check(key); err != nil {
		return nil, err
	}
	compare := func(current string) (string, error) {
		if current != w.prev.Value {
			return "", failed("compare and swap", key, ErrCompareFailed)
		}
		return *w.value, nil
	}
	m := &modify{key: key, change: compare, ttl: w.ttl, dropTTL: w.ttl == nil, unique: true}
	return m.run(ctx, c)
}

// settle returns what became of the write, or unknown if that cannot be found out. It looks before it sends
// anything again: the key may have been made and deleted, and must not be made twice. A refusal of a copy is
// the outcome only if no other copy was applied in the meantime, so settle looks again after one.
func (s *settlement) settle(ctx context.Context, unknown error) (*Response, error) {
	var refusal error
	pause := settlePause
	for pause.Wait(ctx, s.client.cluster.Life()) == nil {
		found, certain, err := s.find(ctx)
		switch {
		case found != nil:
			return found, nil
		case Retryable(err), errors.Is(err, errUnsettled):
			continue
		case !certain || s.write.inOrder():
			return nil, contexts.Join(ctx, unknown)
		case refusal != nil:
			return nil, refusal
		}
		resp, err := s.send()
		if err == nil {
			return resp, nil
		}
		if !Retryable(err) && !errors.Is(err, ErrOutcomeUnknown) {
			refusal = err
		}
	}
	return nil, contexts.Join(ctx, unknown)
}
