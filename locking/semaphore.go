package locking

import (
	"context"

	"github.com/etcdv2/client/etcd"
)

// Semaphore is a lock of a cluster that up to a number of contenders can hold at the same time. It may be
// used by many goroutines at the same time. NewSemaphore makes one; the zero value is not usable.
type Semaphore struct{ queue *queue }

// NewSemaphore returns the semaphore of that name, which is the directory in which contenders queue up, with
// limit slots, at least one. All who use it must name the same limit. Nothing is sent. WithPythonLayout is
// not for it.
func NewSemaphore(client *etcd.Client, name string, limit int, opts ...Option) *Semaphore {
	q := newQueue(client, name, opts)
	q.needNative()
	if limit < 1 {
		q.err = invalid("a semaphore with %d slots", limit)
	}
	q.rule, q.tells = slots(limit), limit > 1
	return &Semaphore{q}
}

// slots lets limit contenders hold. The first who waits looks at all of them; the others at the one before
// them, which goes or begins to hold before it can be their turn. So a slot that becomes free wakes one
// waiter, and that one the next. Only for that do holders of a semaphore write that they hold: for a mutex,
// and for readers and writers, the going of a key says it all.
func slots(limit int) rule {
	return func(line []Contender, at int) []Contender {
		switch {
		case at < limit:
			return nil
		case at == limit:
			return line[:limit]
		}
		return line[at-1 : at]
	}
}

// Lock waits for a slot and takes it. See Mutex.Lock.
func (s *Semaphore) Lock(ctx context.Context) (*Lock, error) { return s.queue.lock(ctx) }

// TryLock takes a slot if one is free and nobody waits; ErrLocked otherwise.
func (s *Semaphore) TryLock(ctx context.Context) (*Lock, error) { return s.queue.tryLock(ctx) }

// Holders returns who holds a slot.
func (s *Semaphore) Holders(ctx context.Context) ([]Contender, error) { return s.queue.holders(ctx) }

// Queue returns who holds a slot, and then who waits for one, in order.
func (s *Semaphore) Queue(ctx context.Context) ([]Contender, error) {
	line, err := s.queue.list(ctx)
	return line.contenders, err
}
