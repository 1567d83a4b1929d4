package locking

import (
	"context"
	"errors"

	"github.com/etcdv2/client/internal/contexts"
)

// Acquirer is what can be locked: a Mutex, an RWMutex, for writing, its RLocker, a Semaphore.
type Acquirer interface {
	Lock(ctx context.Context) (*Lock, error)
}

// Do calls work while it holds the lock, and unlocks afterwards, also when work panics. The context that work
// gets ends with ctx and with the lock.
//
// Do returns what Lock or work returned, joined with ErrLost if the lock was lost before it was unlocked:
// others may have held it meanwhile. A failed Unlock is returned, too; the lock then ends with its TTL. A nil
// mutex or work is etcd.ErrInvalidArgument.
//
// Work that a loss has ended usually returns context.Canceled. A program that is to tell that from its own end
// looks at ctx.Err(), or for ErrLost in what Do returns.
func Do(ctx context.Context, mutex Acquirer, work func(ctx context.Context, lock *Lock) error) (err error) {
	if mutex == nil || work == nil {
		return invalid("do: the mutex or the work function is nil")
	}
	lock, err := mutex.Lock(ctx)
	if err != nil {
		return err
	}
	working, cancel := contexts.Merge(ctx, lock.Context())
	defer cancel()
	defer func() {
		ctx, cancel := detached(ctx)
		defer cancel()
		err = errors.Join(err, lock.Unlock(ctx))
	}()
	return work(working, lock)
}
