package etcd

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcdv2/client/internal/contexts"
	"github.com/etcdv2/client/internal/errs"
)

// UniqueOption is what WithUniqueValue returns.
type UniqueOption interface {
	CreateOption
	CompareAndSwapOption
	CreateInOrderOption
}

// WithUniqueValue promises that nothing else is ever written with this value: it holds a random token, say. A
// write whose outcome is unknown can then be settled on the server, and the call does that before it returns,
// within its context:
//
//   - Create and CompareAndSwap are sent again, which can do no harm. If they are refused then, their value
//     is looked for, which tells whether they have been applied. A comparison by value alone is made one by
//     index for that, with a quorum read.
//   - CreateInOrder is not sent again; its value is looked for. If it is found, it has succeeded.
//
// The answer is that of now. A copy of a Create that is still on its way, through a member that hangs, can
// make the key once more after it has been deleted; give it a TTL where that matters.
//
// What is there now is looked at, and what the server remembers of the last 1,000 events. Where that does not
// tell, the error is ErrOutcomeUnknown still. The Response of a settled write is that of what was found; its
// PrevNode may be missing.
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
	after  uint64 // an etcd index from before the write
}

// settled sends a write and, if it has promised a value of its own, settles an unknown outcome.
func (c *Client) settled(ctx context.Context, key string, w *write, send func() (*Response, error)) (*Response, error) {
	if !w.unique {
		return send()
	}
	if *w.value == "" {
		return nil, errs.Invalidf("the empty value for %q is not unique", key)
	}
	s := &settlement{client: c, key: key, write: w, send: send, after: c.cluster.Seen()}
	if s.after == 0 {
		index, err := c.present(ctx, key)
		// A user that may only write can still write, and settle nothing.
		if err != nil && !errors.Is(err, ErrUnauthorized) {
			return nil, err
		}
		s.after = index
	}
	resp, err := send()
	if !errors.Is(err, ErrOutcomeUnknown) {
		return resp, err
	}
	resp, err = s.settle(ctx, err)
	return resp, contexts.Join(ctx, err)
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
			return "", fmt.Errorf("compare and swap %q: %w", key, ErrCompareFailed)
		}
		return *w.value, nil
	}
	m := &modify{key: key, change: compare, ttl: w.ttl, dropTTL: w.ttl == nil, unique: true}
	return m.run(ctx, c)
}

// settle returns what became of the write, or unknown where that cannot be found out.
func (s *settlement) settle(ctx context.Context, unknown error) (*Response, error) {
	pause := settlePause
	for pause.Wait(ctx, s.client.cluster.Life()) == nil {
		var refusal error
		if !s.write.inOrder() {
			resp, err := s.send()
			if err == nil {
				return resp, nil
			}
			if Retryable(err) {
				continue
			}
			refusal = err
		}
		found, certain, err := s.find(ctx)
		switch {
		case Retryable(err):
			continue
		case err != nil:
			return nil, unknown // it will not be otherwise later
		case found != nil:
			return found, nil
		case certain && refusal != nil:
			return nil, refusal
		}
		return nil, unknown
	}
	return nil, unknown
}

// find looks for the write's value, where it was written to and then in what has happened there. certain says
// that it would have been found if it had ever been there.
func (s *settlement) find(ctx context.Context) (found *Response, certain bool, err error) {
	read, err := s.client.Get(ctx, s.key, WithQuorum())
	if errors.Is(err, ErrKeyNotFound) {
		found, certain = s.history(ctx, 0)
		return found, certain, nil
	}
	if err != nil {
		return nil, false, err
	}
	for node := range read.Node.Walk() {
		if s.ours(node) {
			read.Node, read.Action, read.Index = node, s.write.action(), node.ModifiedIndex
			return read, true, nil
		}
	}
	last := read.Node.ModifiedIndex
	if read.Node.Dir {
		last = 0 // a directory's index does not tell of what happened in it
	}
	found, certain = s.history(ctx, last)
	return found, certain, nil
}

func (s *settlement) ours(node *Node) bool { return !node.Dir && node.Value == *s.write.value }

// history looks at the events since the write, up to the one with index last, or, if that is 0, for some
// time.
func (s *settlement) history(ctx context.Context, last uint64) (found *Response, certain bool) {
	if last != 0 && last <= s.after {
		return nil, true // nothing has happened there since
	}
	ctx, cancel := context.WithTimeout(ctx, historyTime)
	defer cancel()
	opts := []WatchOption{WithAfterIndex(s.after)}
	if s.write.inOrder() {
		opts = append(opts, WithRecursive())
	}
	for event, err := range s.client.Watch(ctx, s.key, opts...) {
		switch {
		case err != nil:
			return nil, false
		case s.ours(event.Node):
			return event, true
		case last != 0 && event.Index >= last:
			return nil, true
		}
	}
	return nil, false
}
