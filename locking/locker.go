package locking

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// NewLocker makes a lock of the cluster look like one of the process, for code that knows only sync.Locker. That
// interface has no room for failures, so this is the worst way to use a lock. Its Lock panics if the lock cannot
// be taken, even because ctx is done. The loss of the lock goes unnoticed. If an Unlock fails, the lock lasts
// for its TTL. Use Do if you can.
//
// Goroutines may share the Locker. It excludes them from each other, even if mutex is one that several can hold,
// such as a Semaphore. If the lock is lost, the next goroutine may take it, but the one that has lost it must
// still call Unlock. The Locker cannot tell which of the two calls Unlock first, so it releases the lock when
// both have.
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
