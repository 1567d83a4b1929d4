package locking

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakestore"
)

// waitFor begins to lock l, and returns what is closed then.
func waitFor(l sync.Locker) <-chan struct{} {
	got := make(chan struct{})
	go func() {
		l.Lock()
		close(got)
	}()
	time.Sleep(10 * time.Millisecond)
	return got
}

func isClosed(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestLockerHasOneOwnerAtATime(t *testing.T) {
	inBubble(t, func(b *bubble) {
		for _, l := range []sync.Locker{NewLocker(b.Context(), b.mutex()), NewLocker(b.Context(), b.semaphore(5))} {
			l.Lock()
			next := waitFor(l)
			time.Sleep(time.Minute)
			if isClosed(next) {
				b.Fatal("two own the Locker")
			}
			l.Unlock()
			<-next
			l.Unlock()
			b.empty()
		}
	})
}

// When the lock is lost, the next goroutine may go on. What the one before unlocks later is nobody's lock.
func TestLockerWhoseLockIsLost(t *testing.T) {
	inBubble(t, func(b *bubble) {
		l := NewLocker(b.Context(), b.mutex())
		l.Lock()
		next, last := waitFor(l), waitFor(l)
		b.Remove(b.Keys(dir)[0].Name)
		<-next
		keys := b.Keys(dir)
		if len(keys) != 1 || isClosed(last) {
			b.Fatalf("the keys are %v", keys)
		}
		l.Unlock() // of the one that has lost it
		if left := b.Keys(dir); len(left) != 1 || left[0].Name != keys[0].Name || isClosed(last) {
			b.Errorf("the loser has freed %v", keys)
		}
		l.Unlock()
		<-last
		l.Unlock()
		b.empty()
		defer func() {
			if reason := recover(); reason == nil {
				b.Error("an Unlock too many is not noticed")
			}
		}()
		l.Unlock()
	})
}

// lockPanics expects Lock to panic.
func (b *bubble) lockPanics(l sync.Locker) {
	b.Helper()
	defer func() {
		reason, _ := recover().(string)
		if !strings.HasPrefix(reason, "locking: sync.Locker: ") {
			b.Errorf("it panics with %q", reason)
		}
	}()
	l.Lock()
}

func TestLockerPanicsWhereItCannotFail(t *testing.T) {
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		l := NewLocker(ctx, b.mutex())
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Refuse: true} })
		b.lockPanics(l)
		b.Obey(nil)
		l.Lock() // the one that failed does not own it
		b.lockPanics(l)
		l.Unlock()
		b.empty()
	})
}
