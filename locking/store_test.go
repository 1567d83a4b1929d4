package locking

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// dir is the lock's directory, and ttl the TTL, of most tests.
const (
	dir = "/locks/a"
	ttl = 30 * time.Second
)

// bubble is a test in virtual time, with a store of its own.
type bubble struct {
	*testing.T
	*fakestore.Store
	events fakestore.Recorder
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, test func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(&bubble{T: t, Store: fakestore.New(t)}) })
}

// client returns a client of the store, as a process of its own has it.
func (b *bubble) client() *etcd.Client { return b.Connect(b.T, &b.events) }

// mutex returns the mutex of a process of its own.
func (b *bubble) mutex(opts ...Option) *Mutex {
	return NewMutex(b.client(), dir, append([]Option{WithTTL(ttl)}, opts...)...)
}

// try is a Lock that must not take more than an hour.
func (b *bubble) try(a Acquirer) (*Lock, error) {
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	return a.Lock(ctx)
}

// lock takes a lock.
func (b *bubble) lock(a Acquirer) *Lock {
	b.Helper()
	lock, err := b.try(a)
	if err != nil {
		b.Fatalf("Lock returned %v", err)
	}
	return lock
}

// unlock expects the lock to have been held until now.
func (b *bubble) unlock(lock *Lock) {
	b.Helper()
	if err := lock.Unlock(b.Context()); err != nil {
		b.Errorf("Unlock returned %v", err)
	}
}

// attempt is a Lock under way.
type attempt struct {
	done   chan struct{}
	lock   *Lock
	err    error
	took   time.Duration
	cancel context.CancelFunc
}

// locking begins to wait for a lock, and returns when it waits, or has it.
func (b *bubble) locking(a Acquirer) *attempt {
	ctx, cancel := context.WithCancel(b.Context())
	b.Cleanup(cancel)
	got := &attempt{done: make(chan struct{}), cancel: cancel}
	began := time.Now()
	go func() {
		defer close(got.done)
		got.lock, got.err = a.Lock(ctx)
		got.took = time.Since(began)
	}()
	b.settle()
	return got
}

// settle lets what has begun come to rest: a poll needs two connections.
func (b *bubble) settle() {
	time.Sleep(10 * time.Millisecond)
	synctest.Wait()
}

// over reports whether the attempt has ended.
func (a *attempt) over() bool {
	synctest.Wait()
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// within expects the lock to be got within a time.
func (b *bubble) within(limit time.Duration, a *attempt) *Lock {
	b.Helper()
	select {
	case <-a.done:
	case <-time.After(limit):
		b.Fatalf("no lock within %v", limit)
	}
	if a.err != nil {
		b.Fatalf("Lock returned %v", a.err)
	}
	return a.lock
}

// ends expects the context of the lock to end within a time, with a cause.
func (b *bubble) ends(limit time.Duration, lock *Lock, causes ...error) {
	b.Helper()
	select {
	case <-lock.Context().Done():
	case <-time.After(limit):
		b.Fatalf("the lock is held after %v", limit)
	}
	b.is(context.Cause(lock.Context()), causes...)
}

// named are the names of packages in the text of an error.
var named = regexp.MustCompile(`\b(etcd|locking|election): `)

// is expects err to match all of causes. If they are errors of the library, its text begins with the name of a package,
// which is nowhere else in it.
func (b *bubble) is(err error, causes ...error) {
	b.Helper()
	if err != nil && !strings.HasPrefix(err.Error(), "context ") {
		if names := named.FindAllStringIndex(err.Error(), -1); len(names) != 1 || names[0][0] != 0 {
			b.Errorf("the text of an error has not the one style: %v", err)
		}
	}
	for _, cause := range causes {
		if !errors.Is(err, cause) {
			b.Errorf("the error %v is not %v", err, cause)
		}
	}
}

// held expects the lock to be held.
func (b *bubble) held(lock *Lock) {
	b.Helper()
	synctest.Wait()
	if err := context.Cause(lock.Context()); err != nil {
		b.Fatalf("the lock is not held: %v", err)
	}
}

// empty expects nothing to be left of the lock.
func (b *bubble) empty() {
	b.Helper()
	if keys := b.Keys(dir); len(keys) > 0 || b.Exists(dir) {
		b.Errorf("left are %v and perhaps their directory", keys)
	}
}
