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
	unique  bool // see WithUniqueValue
}

func (m *modify) setTTL(ttl time.Duration) { m.ttl = &ttl }

// Modify changes the value of a key atomically: it reads the key with quorum, calls change with the value,
// and stores the result if the key is still the same; if not, it starts again, until ctx ends. change may
// therefore be called many times. Its error ends Modify and is returned as it is; nothing is written then.
//
// What is left of the key's TTL is kept, rounded up to a second; WithTTL gives a new one, WithoutTTL drops
// it. Modify returns ErrKeyNotFound where the key does not exist, and ErrNotFile for a directory. It never
// repeats a write whose outcome is unknown. A nil change is ErrInvalidArgument.
func (c *Client) Modify(ctx context.Context, key string, change func(current string) (string, error),
	opts ...ModifyOption,
) (*Response, error) {
	if change == nil {
		return nil, errs.Invalidf("modify of %q without a function that changes it", key)
	}
	m := with(opts, ModifyOption.applyModify, &modify{key: key, change: change})
	if m.ttl != nil && m.dropTTL {
		return nil, errs.Invalidf("modify of %q with a TTL and without one", key)
	}
	if err := checkTTL(key, m.ttl); err != nil {
		return nil, err
	}
	return m.run(ctx, c)
}

// run tries until nobody else changes the key in between.
func (m *modify) run(ctx context.Context, c *Client) (*Response, error) {
	pause := modifyPause
	for {
		resp, conflict, err := m.try(ctx, c)
		if !conflict {
			return resp, err
		}
		if err := pause.Wait(ctx, c.cluster.Life()); err != nil {
			return nil, fmt.Errorf("etcd: modify %q: %w", m.key, err)
		}
	}
}

// try reads, changes and swaps once. conflict says that somebody else changed the key in between.
func (m *modify) try(ctx context.Context, c *Client) (resp *Response, conflict bool, err error) {
	read, err := c.Get(ctx, m.key, WithQuorum())
	if err != nil {
		return nil, false, err
	}
	if read.Node.Dir {
		return nil, false, fmt.Errorf("modify %q: %w", m.key, ErrNotFile)
	}
	ttl, err := m.nextTTL(read.Node)
	if err != nil {
		return nil, false, err
	}
	value, err := m.change(read.Node.Value)
	if err != nil {
		return nil, false, err
	}
	prev := &Prev{Index: read.Node.ModifiedIndex}
	resp, err = c.put(ctx, m.key, &write{value: &value, ttl: ttl, prev: prev, unique: m.unique})
	return resp, errors.Is(err, ErrCompareFailed) && !errors.Is(err, ErrOutcomeUnknown), err
}

// nextTTL returns the TTL that node is to be stored with, nil for none.
func (m *modify) nextTTL(node *Node) (*time.Duration, error) {
	switch {
	case m.dropTTL:
		return nil, nil
	case m.ttl != nil || node.Expiration.IsZero():
		return m.ttl, nil
	case node.TTL <= 0:
		// It has expired, and the server only has not swept it yet.
		return nil, fmt.Errorf("modify %q: its TTL has run out: %w", m.key, ErrKeyNotFound)
	}
	return &node.TTL, nil
}
