package locking

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// NewLocker makes a lock of the cluster look like one of the process, for code that knows only sync.Locker.
// That interface has no room for failures, so this is the worst way to use a lock: its Lock panics when the
// lock cannot be taken, ctx's end included; the loss of the lock is not noticed; an Unlock that fails leaves
// the lock to its TTL. Use Do where you can.
//
// The Locker may be shared by goroutines, and excludes them from each other, even if mutex is one that several
// can hold, such as a Semaphore. If the lock is lost, the next goroutine may take it; the one that has lost it
// must call Unlock all the same. Which of the two calls Unlock first cannot be told, so the lock is released
// when both have.
func NewLocker(ctx context.Context, mutex Acquirer) sync.Locker {
	return &locker{ctx: ctx, mutex: mutex, owned: make(chan struct{}, 1)}
}

type locker struct {
	ctx   context.Context
	mutex Acquirer
	owned chan struct{} // holds one token while a goroutine owns the Locker

	mu     sync.Mutex
	held   *Lock // by the owner
	losers int   // that have lost the lock and not called Unlock
}

func (l *locker) Lock() {
	select {
	case l.owned <- struct{}{}:
	case <-l.ctx.Done():
		panic(fmt.Sprintf("locking: sync.Locker: %v", l.ctx.Err()))
	}
	lock, err := l.mutex.Lock(l.ctx)
	if err != nil {
		<-l.owned
		panic(fmt.Sprintf("locking: sync.Locker: %v", err))
	}
	l.mu.Lock()
	l.held = lock
	l.mu.Unlock()
	context.AfterFunc(lock.Context(), func() { l.lost(lock) })
}

// lost lets the next goroutine own the Locker if the lock of this one was lost.
func (l *locker) lost(lock *Lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == lock && errors.Is(context.Cause(lock.Context()), ErrLost) {
		l.held = nil
		l.losers++
		<-l.owned
	}
}

func (l *locker) Unlock() {
	lock := l.release()
	if lock == nil {
		return
	}
	ctx, cancel := detached(l.ctx)
	defer cancel()
	_ = lock.Unlock(ctx) // NewLocker says that its failure is not told
	<-l.owned
}

// release returns the lock that is to be unlocked, or nil if it is the one that was lost.
func (l *locker) release() *Lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.losers > 0 {
		l.losers--
		return nil
	}
	lock := l.held
	if lock == nil {
		panic("locking: unlock of an unlocked sync.Locker")
	}
	l.held = nil
	return lock
}
