package locking

import (
	"context"

	"github.com/etcdv2/client/etcd"
)

// Mutex is a lock of a cluster that one contender at a time can hold. It is a name with settings, and multiple
// goroutines may use it at once: each Lock is a contender of its own. NewMutex makes one; the zero value is not
// usable.
type Mutex struct{ queue *queue }

// NewMutex returns the mutex with the name, which is the directory of etcd in which contenders queue up:
// "/locks/customer1". Nothing else may be kept there. NewMutex sends nothing.
func NewMutex(client *etcd.Client, name string, opts ...Option) *Mutex {
	return &Mutex{newQueue(client, name, 0, opts)}
}

// Lock waits until nobody else holds the mutex, and takes it. Contenders get the mutex in the order in which
// they came. If ctx is done first, Lock returns ctx.Err() and leaves nothing behind.
//
// If joining the queue fails, Lock returns the error. After that, Lock retries after failures of members and
// connections until ctx is done. If requests take so long that three places in a row are lost, it returns an error that
// says that the TTL is too short. A contender whose key has been deleted in the meantime joins the queue again at
// the end.
func (m *Mutex) Lock(ctx context.Context) (*Lock, error) { return m.queue.lock(ctx) }

// TryLock takes the mutex if nobody holds it or waits for it. Otherwise it returns ErrLocked.
func (m *Mutex) TryLock(ctx context.Context) (*Lock, error) { return m.queue.tryLock(ctx) }

// Holder returns the contender that holds the mutex, or ErrNotHeld.
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

// Remove removes a contender, as returned by Holder or Queue, from the queue. If it holds the mutex, it loses
// its lock. If it waits, it joins again at the end. Remove returns etcd.ErrKeyNotFound if the contender has
// left.
func (m *Mutex) Remove(ctx context.Context, c Contender) error { return m.queue.remove(ctx, c) }

// Queue returns the contender that holds the mutex, and then those that wait for it, in order.
func (m *Mutex) Queue(ctx context.Context) ([]Contender, error) {
	line, err := m.queue.list(ctx)
	return line.contenders, err
}
