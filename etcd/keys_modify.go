package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// modify is a Modify under way.
type modify struct {
	key     string
	change  func(current string) (string, error)
	ttl     *time.Duration
	dropTTL bool
	create  bool // if the key does not exist
	unique  bool // see WithUniqueValue
}

func (m *modify) setTTL(ttl time.Duration) { m.ttl = &ttl }

// Modify changes the value of a key atomically. It reads the key with quorum, calls change with the value, and
// stores the result if the key has not changed in the meantime. If it has changed, Modify starts again, until ctx
// is done. So change may be called several times. If change returns an error, Modify returns that error unchanged
// and writes nothing.
//
// A read or a write that fails ends Modify. After any error except ErrOutcomeUnknown, Modify has changed nothing,
// and may be called again if Retryable(err) is true.
//
// Modify returns ErrKeyNotFound if the key does not exist, unless WithCreate is given, and ErrNotFile if it is a
// directory. It never repeats a write whose outcome is unknown. A nil change is ErrInvalidArgument.
//
// The key keeps the time that is left of its TTL, unless WithTTL gives a new TTL or WithoutTTL removes it.
// However often the key is changed, it expires within one second, and the time that a request takes, of when it
// would have expired: Node.Expiration stays within the same second of the server's clock. If a write misses that
// second because it ended while the write was in flight, Modify writes the key once more. If several clients
// change the key at the same time and requests take long, writes that miss the second can hide each other, and
// the key can live a few seconds longer: with six clients 200 ms from the server, 8 of 1,500 keys did, by up to
// 2.5 s.
//
// In the key's last second, or a little earlier if requests take long, nothing can be written that would expire
// in time. Modify then waits until the key has expired, and returns ErrKeyNotFound.
func (c *Client) Modify(ctx context.Context, key string, change func(current string) (string, error),
	opts ...ModifyOption,
) (*Response, error) {
	if change == nil {
		return nil, errs.Invalidf("modify %s: the change function is nil", key)
	}
	m := with(opts, ModifyOption.applyModify, &modify{key: key, change: change})
	if m.ttl != nil && m.dropTTL {
		return nil, errs.Invalidf("modify %s: both WithTTL and WithoutTTL", key)
	}
	if err := checkTTL(key, m.ttl); err != nil {
		return nil, err
	}
	return m.run(ctx, c)
}

// run tries until nobody else changes the key in between, and waits while the key is about to expire.
func (m *modify) run(ctx context.Context, c *Client) (*Response, error) {
	pause := modifyPause
	for {
		resp, again, err := m.try(ctx, c)
		if !again {
			return resp, err
		}
		if err := pause.Wait(ctx, c.cluster.Life()); err != nil {
			return nil, failed("modify", m.key, err)
		}
	}
}

// try reads, changes and swaps once. again says that another try may do better: somebody else has changed the
// key in between, or it is about to expire.
func (m *modify) try(ctx context.Context, c *Client) (resp *Response, again bool, err error) {
	read, clock, err := c.getClocked(ctx, m.key)
	if m.create && errors.Is(err, ErrKeyNotFound) {
		return m.make(ctx, c)
	}
	if err != nil {
		return nil, false, err
	}
	node := read.Node
	keeps := m.ttl == nil && !m.dropTTL && !node.Expiration.IsZero()
	switch {
	case node.Dir:
		return nil, false, failed("modify", m.key, ErrNotFile)
	case keeps && node.TTL <= 0 && m.create:
		return nil, true, nil // until the server has swept it
	case keeps && node.TTL <= 0:
		// It has expired, and the server only has not swept it yet.
		return nil, false, failed("modify", m.key, fmt.Errorf("%w: its TTL has passed", errs.Bare(ErrKeyNotFound)))
	case keeps && clock.tooLate(node.TTL):
		return nil, true, nil
	}
	value, err := m.change(node.Value)
	if err != nil {
		return nil, false, err
	}
	w := &write{value: &value, ttl: m.ttl, prev: &Prev{Index: node.ModifiedIndex}, unique: m.unique}
	w.after = pointIn(read)
	kept, sent := clock.ttlTo(node.Expiration), time.Now()
	switch {
	case keeps && kept < time.Second:
		return nil, true, nil
	case keeps:
		w.ttl = &kept
	}
	resp, err = c.put(ctx, m.key, w)
	if keeps && err == nil {
		resp = m.correct(ctx, c, resp, node.Expiration, clockAtWrite(resp.Node, kept, sent))
	}
	return resp, errors.Is(err, ErrCompareFailed), err // only a refusal that ends the write has the code: see disown
}

// make creates the key that does not exist. again says that somebody else has created it in between.
func (m *modify) make(ctx context.Context, c *Client) (resp *Response, again bool, err error) {
	value, err := m.change("")
	if err != nil {
		return nil, false, err
	}
	resp, err = c.put(ctx, m.key, &write{value: &value, ttl: m.ttl, prevExist: &mustNotExist, unique: m.unique})
	return resp, errors.Is(err, ErrNodeExist), err
}
