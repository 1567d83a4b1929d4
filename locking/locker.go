package locking

import (
	"context"
	"fmt"
	"sync"
)

// NewLocker makes a lock of the cluster look like one of the process, for code that knows only sync.Locker.
// That interface has no room for failures, so this is the worst way to use a lock: its Lock panics when the
// lock cannot be taken, ctx's end included; the loss of the lock is not noticed; an Unlock that fails leaves
// the lock to its TTL. Use Do where you can.
//
// The Locker may be shared by goroutines, and excludes them from each other.
func NewLocker(ctx context.Context, mutex Acquirer) sync.Locker {
	return &locker{ctx: ctx, mutex: mutex}
}

type locker struct {
	ctx   context.Context
	mutex Acquirer
	mu    sync.Mutex
	held  *Lock
}

func (l *locker) Lock() {
	lock, err := l.mutex.Lock(l.ctx)
	if err != nil {
		panic(fmt.Sprintf("locking: sync.Locker: %v", err))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = lock
}

func (l *locker) Unlock() {
	l.mu.Lock()
	lock := l.held
	l.held = nil
	l.mu.Unlock()
	if lock == nil {
		panic("locking: Unlock of a sync.Locker that is not locked")
	}
	ctx, cancel := detached(l.ctx)
	defer cancel()
	_ = lock.Unlock(ctx) // said so above
}
