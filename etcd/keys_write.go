package etcd

import (
	"context"
	"time"

	"github.com/etcdv2/client/gen"

	"github.com/etcdv2/client/internal/errs"
)

// Prev is the condition of a CompareAndSwap or CompareAndDelete. At least one field must be set. If both are
// set, both must hold.
type Prev struct {
	// Value must be the key's value. Empty means that the value is not compared. Etcd cannot compare with an
	// empty value, so use Index for a key that may have one.
	Value string

	// Index must be the key's ModifiedIndex. Zero means that the index is not compared.
	Index uint64
}

func (p Prev) check(key string) error {
	if p == (Prev{}) {
		return errs.Invalidf("previous value and index for key %q are both empty; set one", key)
	}
	return checkValue("previous value", key, p.Value)
}

// write is what a PUT or POST says. A nil field is not sent.
type write struct {
	value     *string
	dir       bool
	ttl       *time.Duration
	prevExist *bool
	prev      *Prev
	refresh   bool
	unique    bool  // see WithUniqueValue
	after     point // before the write, for one that is unique; the zero point if it is to be asked for
}

func (w *write) setTTL(ttl time.Duration) { w.ttl = &ttl }

// form returns what both PUT and POST send in their body, or an error for what etcd cannot hold.
func (w *write) form(key string) (form gen.PostForm, err error) {
	if w.value != nil {
		if err := checkValue("value", key, *w.value); err != nil {
			return form, err
		}
	}
	if w.ttl != nil {
		ttl, err := wireTTL(key, *w.ttl)
		if err != nil {
			return form, err
		}
		form.TTL = &ttl
	}
	form.Value, form.Dir = w.value, onlyTrue(w.dir)
	return form, nil
}

// put sends w as a PUT of key.
func (c *Client) put(ctx context.Context, key string, w *write) (*Response, error) {
	wire, err := wireKey(key)
	if err != nil {
		return nil, err
	}
	common, err := w.form(key)
	if err != nil {
		return nil, err
	}
	form := gen.PutForm{Value: common.Value, TTL: common.TTL, Dir: common.Dir, Refresh: onlyTrue(w.refresh)}
	params := gen.PutKeyParams{PrevExist: w.prevExist}
	if w.prev != nil {
		if err := w.prev.check(key); err != nil {
			return nil, err
		}
		form.PrevValue, params.PrevIndex = w.prev.wire()
	}
	return c.settled(ctx, key, w, func() (*Response, error) {
		return c.onKeys(ctx, gen.NewPutKeyRequestWithFormdataBody(wire, &params, form), w.intent(), w.asks(wire))
	})
}

// intent returns what w wants as a PUT. It renews if it gives a new TTL to a key that exists, as the holder of a lock
// does.
func (w *write) intent() intent {
	exists := w.prevExist != nil && *w.prevExist
	switch {
	case w.ttl == nil:
		return toWrite
	case w.refresh || w.prev != nil || exists:
		return toRenew
	}
	return toLease
}

// post sends w as a POST to dir.
func (c *Client) post(ctx context.Context, dir string, w *write) (*Response, error) {
	wire, err := wireKey(dir)
	if err != nil {
		return nil, err
	}
	form, err := w.form(dir)
	if err != nil {
		return nil, err
	}
	return c.settled(ctx, dir, w, func() (*Response, error) {
		what := asked{key: wire, action: ActionCreate, value: w.value, inOrder: true}
		return c.onKeys(ctx, gen.NewPostKeyRequestWithFormdataBody(wire, form), w.intent(), what)
	})
}

// asks returns what w asks for as a PUT of the key.
func (w *write) asks(wire string) asked {
	what := asked{key: wire, action: ActionSet, value: w.value, prev: w.prev}
	switch {
	case w.prevExist != nil && !*w.prevExist:
		what.action = ActionCreate
	case w.prev != nil:
		what.action = ActionCompareAndSwap
	case w.prevExist != nil:
		what.action = ActionUpdate
	}
	return what
}

// inOrder reports whether w, with a value that is unique, is a POST: it makes a node below the key that it
// names.
func (w *write) inOrder() bool { return w.prevExist == nil && w.prev == nil }

// action is what the server calls w when it has applied it.
func (w *write) action() Action {
	if w.prev != nil {
		return ActionCompareAndSwap
	}
	return ActionCreate
}

// wire returns the parameters that carry p. A field that is not compared is not sent.
func (p Prev) wire() (value *string, index *uint64) {
	if p.Value != "" {
		value = &p.Value
	}
	if p.Index != 0 {
		index = &p.Index
	}
	return value, index
}
