package locking

import (
	"context"

	"github.com/etcdv2/client/etcd"
)

// Mutex is a lock of a cluster that one at a time can hold. It is a name and settings, and may be used by
// many goroutines at the same time; each Lock stands in line for itself. NewMutex makes one; the zero value
// is not usable.
type Mutex struct{ queue *queue }

// NewMutex returns the mutex of that name, which is the directory of etcd in which contenders queue up:
// "/locks/customer1". Nothing else may be kept there. Nothing is sent.
func NewMutex(client *etcd.Client, name string, opts ...Option) *Mutex {
	return &Mutex{newQueue(client, name, 0, opts)}
}

// Lock waits until the mutex is held by nobody else, in the order in which contenders came, and takes it.
// When ctx ends first, Lock returns ctx.Err() and leaves nothing behind.
//
// A failure to get in line is returned. Once in line, Lock rides out failures of members and connections
// until ctx ends; one whose key has gone meanwhile takes a new place at the end.
func (m *Mutex) Lock(ctx context.Context) (*Lock, error) { return m.queue.lock(ctx) }

// TryLock takes the mutex if nobody holds it or waits for it; ErrLocked otherwise.
func (m *Mutex) TryLock(ctx context.Context) (*Lock, error) { return m.queue.tryLock(ctx) }

// Holder returns who holds the mutex; ErrNotHeld if nobody does.
func (m *Mutex) Holder(ctx context.Context) (Contender, error) {
	line, err := m.queue.list(ctx)
	if err == nil && len(line.contenders) == 0 {
		err = ErrNotHeld
	}
	if err != nil {
		return Contender{}, err
	}
	return line.contenders[0], nil
}

// Remove takes a contender, as Holder or Queue has returned it, out of the queue. If it holds the mutex, its lock
// is lost; if it waits, it joins again at the end. Remove returns etcd.ErrKeyNotFound if it has gone.
func (m *Mutex) Remove(ctx context.Context, c Contender) error { return m.queue.remove(ctx, c) }

// Queue returns who holds the mutex, and then who waits for it, in order.
func (m *Mutex) Queue(ctx context.Context) ([]Contender, error) {
	line, err := m.queue.list(ctx)
	return line.contenders, err
}
