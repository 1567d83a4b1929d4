package locking

import (
	"context"
	"fmt"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
)

// Semaphore is a lock of a cluster that a limited number of contenders can hold at the same time. Multiple
// goroutines may use it at once. NewSemaphore makes one; the zero value is not usable.
type Semaphore struct{ queue *queue }

// NewSemaphore returns the semaphore with the name, which is the directory in which contenders queue up, with
// limit slots, at least one. All users must pass the same limit: each contender writes its limit into its key,
// and one that finds another limit before it leaves with ErrOtherLimit. WithFormerLimit changes the limit of a
// semaphore in use. NewSemaphore sends nothing. WithPythonLayout and WithSingleKey cannot be used with it.
func NewSemaphore(client *etcd.Client, name string, limit int, opts ...Option) *Semaphore {
	q := newQueue(client, name, max(limit, 1), opts)
	q.needNative()
	if limit < 1 {
		q.err = invalid("limit %d of a semaphore is below one", limit)
	}
	q.rule, q.tells = slots(limit), limit > 1
	return &Semaphore{q}
}

// WithFormerLimit is the limit that the Semaphore had before, so that contenders with both limits may queue up
// together. While a contender with the other limit is before it, each uses the lower of the two limits. So there
// are never more holders than any of them expects.
//
// To change the limit of a semaphore in use, restart its processes with the new limit and WithFormerLimit of the
// old one, in any order. When all have been restarted, remove the option with the next restart.
func WithFormerLimit(limit int) Option {
	return func(c *config) {
		if limit < 1 {
			c.err = invalid("former limit %d of a semaphore is below one", limit)
		}
		c.former = limit
	}
}

// slots lets limit contenders hold, or less if one before has a lower limit. The first who waits looks at all
// who hold; the others at the one before them, which goes or begins to hold before it can be their turn. So a
// slot that becomes free wakes one waiter, and that one the next. Only for that do holders of a semaphore write
// that they hold: for a mutex, and for readers and writers, the going of a key says it all. Where limits
// differ, each looks at all before it.
func slots(limit int) rule {
	return func(line []Contender, at int) []Contender {
		lowest, differ := limit, false
		for _, c := range line[:at] {
			if c.limit != 0 && c.limit != limit {
				lowest, differ = min(lowest, c.limit), true
			}
		}
		switch {
		case at < lowest:
			return nil
		case differ:
			return line[:at]
		case at == limit:
			return line[:limit]
		}
		return line[at-1 : at]
	}
}

// agree returns an ErrOtherLimit if one of the line before at does not agree to the queue's limit.
func (q *queue) agree(line []Contender, at int) error {
	if q.limit == 0 {
		return nil
	}
	for _, c := range line[:at] {
		if c.limit != 0 && c.limit != q.limit && c.limit != q.former && c.former != q.limit {
			return fmt.Errorf("locking: lock %s: %w: %d for %s, and %d here", q.dir, errs.Bare(ErrOtherLimit), c.limit, c.Key, q.limit)
		}
	}
	return nil
}

// Lock waits for a slot and takes it. See Mutex.Lock.
func (s *Semaphore) Lock(ctx context.Context) (*Lock, error) { return s.queue.lock(ctx) }

// TryLock takes a slot if one is free and nobody waits. Otherwise it returns ErrLocked.
func (s *Semaphore) TryLock(ctx context.Context) (*Lock, error) { return s.queue.tryLock(ctx) }

// Holders returns the contenders that hold a slot.
func (s *Semaphore) Holders(ctx context.Context) ([]Contender, error) { return s.queue.holders(ctx) }

// Queue returns the contenders that hold a slot, and then those that wait for one, in order.
func (s *Semaphore) Queue(ctx context.Context) ([]Contender, error) {
	line, err := s.queue.list(ctx)
	return line.contenders, err
}
