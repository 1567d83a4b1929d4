package locking

import (
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// singleKey returns the mutex of one key, of a process of its own.
func (b *bubble) singleKey(opts ...Option) *Mutex {
	return b.mutex(append([]Option{WithSingleKey()}, opts...)...)
}

func TestSingleKeyIsHandedOn(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.singleKey(WithValue("first")))
		a := b.locking(b.singleKey(WithValue("second")))
		time.Sleep(3 * ttl)
		if keys := b.Keys(dir); a.over() || lock.Key() != dir || len(keys) != 1 || keys[0].Name != dir || keys[0].Value != "first" {
			b.Fatalf("the keys are %v", keys)
		}
		_, err := b.singleKey().TryLock(b.Context())
		b.is(err, ErrLocked)
		b.unlock(lock)
		next := b.within(time.Second, a)
		if keys := b.Keys(dir); len(keys) != 1 || keys[0].Value != "second" || next.Token() <= lock.Token() {
			b.Errorf("the keys are %v", keys)
		}
		b.unlock(next)
		b.empty()
		tried, err := b.singleKey().TryLock(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.unlock(tried)
	})
}

func TestSingleKeyIsTakenAfterItsExpiry(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir, "another program's", ttl)
		b.unlock(b.within(ttl+time.Second, b.locking(b.singleKey())))
		b.empty()
	})
}

// A lock that was lost deletes nothing that is another's, even if that has the place of a directory.
func TestSingleKeyOfAnotherIsNotDeleted(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(blind)
		lock := b.lock(b.singleKey())
		b.Put(dir, "another program's", 0)
		b.held(lock)
		b.is(lock.Unlock(b.Context()), ErrLost)
		other := b.lock(NewMutex(b.client(), "/locks/b", WithSingleKey(), WithTTL(ttl)))
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Method == "DELETE" && r.Params.Get("dir") == "true" {
				b.Errorf("deleted was the directory %s", r.Key)
			}
			return fakestore.Fault{}
		})
		b.unlock(other)
		if keys := b.Keys(dir); len(keys) != 1 || keys[0].Value != "another program's" {
			b.Errorf("the keys are %v", keys)
		}
	})
}

// A creation without an answer that is swept leaves no key, and another's is left.
func TestSingleKeyAfterAnUnknownCreation(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lost := 0
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Creates(dir) && lost < 1 {
				lost++
				return fakestore.Fault{Lose: true}
			}
			return fakestore.Fault{}
		})
		lock := b.lock(b.singleKey())
		b.held(lock)
		b.unlock(lock)
		b.empty()
	})
}

func TestSingleKeyIsFairWithinAMutex(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.singleKey()
		lock := b.lock(m)
		var waiting []*attempt
		for range 5 {
			waiting = append(waiting, b.locking(m))
		}
		creations := len(b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) }))
		if creations > 3 {
			b.Errorf("%d creations by one process", creations)
		}
		gone := waiting[2]
		gone.cancel()
		<-gone.done
		for i, a := range waiting {
			if a == gone {
				continue
			}
			if a.over() {
				b.Fatalf("number %d did not wait: %v", i, a.err)
			}
			b.unlock(lock)
			lock = b.within(time.Second, a)
		}
		b.unlock(lock)
		b.empty()
	})
}

func TestSingleKeyRefuses(t *testing.T) {
	inBubble(t, func(b *bubble) {
		for name, opt := range map[string]Option{"identity": WithIdentity("db"), "empty value": WithValue("")} {
			if _, err := b.try(b.singleKey(opt)); err == nil {
				b.Errorf("%s is not refused", name)
			} else {
				b.is(err, etcd.ErrInvalidArgument)
			}
		}
		lock := b.lock(b.singleKey())
		b.is(lock.SetValue(b.Context(), "x"), etcd.ErrInvalidArgument)
		b.held(lock)
		if err := lock.Extend(b.Context(), time.Hour); err != nil {
			b.Error(err)
		}
		b.unlock(lock)
		_, err := NewRWMutex(b.client(), dir, WithSingleKey()).RLock(b.Context())
		b.is(err, etcd.ErrInvalidArgument)
		b.Put(dir+"/below", "x", 0)
		_, err = b.try(b.singleKey())
		b.is(err, etcd.ErrNotFile)
	})
}

// A waiter rides out an outage, and a history that is gone.
func TestSingleKeyWaiterSurvives(t *testing.T) {
	for name, fault := range map[string]func(b *bubble){
		"an outage": func(b *bubble) {
			b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
			time.Sleep(2 * ttl)
			b.Obey(nil)
		},
		"a lost history": func(b *bubble) {
			looked := false
			b.Obey(func(r fakestore.Request) fakestore.Fault {
				if r.Reads(dir) {
					looked = true
				} else if r.Waits() && r.Key == dir && looked { // between the look and the poll
					looked = false
					b.Forget()
					b.Put("/other", "x", 0)
					b.Forget()
				}
				return fakestore.Fault{}
			})
			time.Sleep(3 * ttl)
			b.Obey(nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.Put(dir, "another program's", 0)
				a := b.locking(b.singleKey())
				fault(b)
				if a.over() {
					b.Fatalf("Lock returned %v", a.err)
				}
				b.Remove(dir)
				b.unlock(b.within(10*time.Second, a))
				b.empty()
			})
		})
	}
}

// Python's locks stand in line by the names of their keys.
func TestPythonsLine(t *testing.T) {
	inBubble(t, func(b *bubble) {
		python := func() *Mutex { return NewMutex(b.client(), "a", WithPythonLayout(), WithTTL(ttl)) }
		lock := b.lock(python())
		a := b.locking(python())
		if keys := b.Keys("/_locks/a"); len(keys) != 2 || keys[0].Name != lock.Key() || a.over() {
			b.Errorf("the keys are %v", keys)
		}
		b.is(lock.SetValue(b.Context(), "x"), etcd.ErrInvalidArgument)
		b.unlock(lock)
		b.unlock(b.within(time.Second, a))
		if b.Exists("/_locks/a") {
			b.Error("the directory is left")
		}
		for _, opt := range []Option{WithValue("x"), WithIdentity("x")} {
			_, err := b.try(NewMutex(b.client(), "a", WithPythonLayout(), opt))
			b.is(err, etcd.ErrInvalidArgument)
		}
	})
}
