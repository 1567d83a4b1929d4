package locking

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// A shorter TTL may have been written though no answer says so.
func TestShorterExtendIsForeseen(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.settle()
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Renews(dir) {
				return fakestore.Fault{Lose: true}
			}
			return fakestore.Fault{Hang: true}
		})
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		err := lock.Extend(ctx, 10*time.Second)
		b.is(err, context.DeadlineExceeded)
		if deadline, expires := lock.Deadline(), b.expires(); deadline.After(expires) {
			b.Errorf("the deadline is %v behind the server's", deadline.Sub(expires))
		}
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: true} })
		b.ends(10*time.Second, lock, ErrLost)
		if !b.Exists(lock.Key()) {
			b.Error("the key has expired before the context ended")
		}
	})
}

func TestExtendHoldsForTheRenewalsToCome(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		if err := lock.Extend(b.Context(), time.Hour); err != nil {
			b.Fatal(err)
		}
		for range 12 {
			b.settle()
			if left := time.Until(lock.Deadline()); left < 39*time.Minute || !lock.Deadline().Equal(b.expires()) {
				b.Fatalf("the lock lasts for %v, and the key until %v", left, b.expires())
			}
			time.Sleep(5 * time.Minute)
		}
		b.is(lock.Extend(b.Context(), time.Millisecond), etcd.ErrInvalidArgument)
		b.unlock(lock)
		b.is(lock.Extend(b.Context(), time.Hour), ErrUnlocked)
		b.is(lock.SetValue(b.Context(), "x"), ErrUnlocked)
	})
}

// A renewal that was due at the same time must not bring back what was there before.
func TestRenewalDoesNotUndoChanges(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.mutex()
		lock := b.lock(m)
		b.settle()
		due := 0 // the renewal is on its way when the changes are made, and then a change when the renewal is due
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if due++; r.Renews(dir) && due < 4 {
				return fakestore.Fault{Before: time.Second}
			}
			return fakestore.Fault{}
		})
		time.Sleep(ttl/3 - 20*time.Millisecond)
		changed := make(chan error, 2)
		go func() { changed <- lock.SetValue(b.Context(), "new") }()
		time.Sleep(100 * time.Millisecond)
		go func() { changed <- lock.Extend(b.Context(), 10*time.Minute) }()
		for range 2 {
			if err := <-changed; err != nil {
				b.Error(err)
			}
		}
		synctest.Wait()
		for range 3 {
			holder, err := m.Holder(b.Context())
			if err != nil || holder.Value != "new" || lock.Value() != "new" || holder.TTL < 5*time.Minute {
				b.Fatalf("the holder is %+v, %v", holder, err)
			}
			time.Sleep(200*time.Second + time.Second)
		}
		b.unlock(lock)
	})
}

// A change that waits while another one is made must not bring back what that has changed.
func TestChangesDoNotUndoEachOther(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.mutex()
		lock := b.lock(m)
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Renews(dir) {
				return fakestore.Fault{Before: time.Second}
			}
			return fakestore.Fault{}
		})
		extended := make(chan error)
		go func() { extended <- lock.Extend(b.Context(), 10*time.Minute) }()
		b.settle()
		if err := lock.SetValue(b.Context(), "new"); err != nil {
			b.Error(err)
		}
		if err := <-extended; err != nil {
			b.Error(err)
		}
		if holder, err := m.Holder(b.Context()); err != nil || holder.Value != "new" || holder.TTL != 10*time.Minute {
			b.Errorf("the holder is %+v, %v", holder, err)
		}
		b.unlock(lock)
	})
}

// The renewals come as often as the new TTL needs.
func TestShorterExtendIsKeptAlive(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.settle()
		if err := lock.Extend(b.Context(), 3*time.Second); err != nil {
			b.Error(err)
		}
		time.Sleep(ttl)
		b.held(lock)
		b.unlock(lock)
	})
}

// A copy of the creation that was held up on its way makes the key anew, with another Token.
func TestLateCopyIsAnotherLock(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(blind)
		lock := b.lock(b.mutex())
		key := b.Keys(dir)[0]
		b.Remove(key.Name)
		b.Put(key.Name, key.Value, ttl)
		b.is(lock.SetValue(b.Context(), "x"), ErrLost)
	})
}

// SetValue and Extend ride out failures until their context ends, and say which was the last.
func TestChangeSaysWhyItFailed(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 500} })
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
		defer cancel()
		err := lock.SetValue(ctx, "x")
		b.is(err, context.DeadlineExceeded)
		var reason *etcd.Error
		if !errors.As(err, &reason) || reason.StatusCode != 500 {
			b.Errorf("it does not say why: %v", err)
		}
		b.Obey(nil)
		if err := lock.SetValue(b.Context(), "y"); err != nil {
			b.Error(err)
		}
		b.unlock(lock)
	})
}

// A change whose answer is lost was made once, and is known.
func TestChangeWithoutAnAnswer(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		lost := false
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Renews(dir) && !lost {
				lost = true
				return fakestore.Fault{Lose: true}
			}
			return fakestore.Fault{}
		})
		if err := lock.SetValue(b.Context(), "new"); err != nil || lock.Value() != "new" {
			b.Errorf("the value is %q, %v", lock.Value(), err)
		}
		b.held(lock)
		b.unlock(lock)
	})
}

// A change finds by itself that the lock is gone, or another's.
func TestChangeOfALostLock(t *testing.T) {
	for name, do := range map[string]func(b *bubble, key string){
		"gone":       func(b *bubble, key string) { b.Remove(key) },
		"taken over": func(b *bubble, key string) { b.Put(key, "x", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.Obey(func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: r.Waits()} }) // the guard is blind
				lock := b.lock(b.mutex())
				do(b, lock.Key())
				b.is(lock.SetValue(b.Context(), "x"), ErrLost)
				b.ends(time.Second, lock, ErrLost)
			})
		})
	}
}
