package locking

import (
	"context"
	"errors"

	"github.com/etcdv2/client/internal/contexts"
)

// Acquirer is what can be locked: a Mutex, a Semaphore, an RWMutex for writing, or the RLocker of one for
// reading.
type Acquirer interface {
	Lock(ctx context.Context) (*Lock, error)
}

// Do calls work while it holds the lock, and unlocks afterwards, even if work panics. The context that it passes
// to work ends with ctx and with the lock.
//
// Do returns the error of Lock or of work, joined with ErrLost if the lock was lost before it was unlocked,
// because others may have held it in the meantime. If work returned the cause of its context, the loss is not
// joined again. Do also returns the error of an Unlock that failed; the lock then expires with its TTL. A nil mutex
// or work is etcd.ErrInvalidArgument.
//
// If a loss ends the work, work usually returns context.Canceled. To tell that from the end of ctx, check
// ctx.Err(), or check for ErrLost in the error of Do.
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
		if ended := lock.Unlock(ctx); !errors.Is(err, ended) { // work may have returned the cause of its context
			err = errors.Join(err, ended)
		}
	}()
	return work(working, lock)
}
