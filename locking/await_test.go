package locking

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// A follower that is behind shows a line that was. Here it shows that the waiter is the first, though its key is
// gone, and the next one holds the lock.
func TestWaiterOnAFollowerThatIsBehind(t *testing.T) {
	inBubble(t, func(b *bubble) {
		first := b.lock(b.mutex())
		second, third := b.locking(b.mutex()), b.locking(b.mutex())
		key := b.Keys(dir)[1].Name
		looked := false
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Reads(dir) && !looked { // the second, when the first has gone
				looked = true
				b.Freeze()
				b.Remove(key)
			}
			return fakestore.Fault{}
		})
		b.unlock(first)
		time.Sleep(time.Minute)
		if second.over() {
			b.Fatalf("one holds the lock whose key is gone: %v", second.err)
		}
		b.Thaw()
		b.unlock(b.within(time.Minute, third))
		b.unlock(b.within(time.Minute, second))
	})
}

// One whose key has gone is not the first because nobody else is there.
func TestWaiterWithoutAKeyIsNotTheFirst(t *testing.T) {
	inBubble(t, func(b *bubble) {
		holder := b.lock(b.mutex())
		b.Obey(blindBut(holder.Key()))
		a := b.locking(b.mutex())
		b.Remove(dir)
		lock := b.within(time.Second, a)
		if keys := b.Keys(dir); len(keys) != 1 || keys[0].Name != lock.Key() {
			b.Errorf("one holds %s, and the keys are %v", lock.Key(), keys)
		}
	})
}

// Without a key of its own there is nothing to see, and TryLock, Holder and Queue read with quorum, too.
func TestLooksAreReadWithQuorum(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Freeze()
		m := b.mutex()
		lock := b.lock(b.mutex(WithValue("x")))
		_, err := m.TryLock(b.Context())
		b.is(err, ErrLocked)
		if holder, err := m.Holder(b.Context()); err != nil || holder.Value != "x" {
			b.Errorf("the holder is %+v, %v", holder, err)
		}
		if line, err := m.Queue(b.Context()); err != nil || len(line) != 1 {
			b.Errorf("the line is %+v, %v", line, err)
		}
		b.unlock(lock)
		_, err = m.Holder(b.Context())
		b.is(err, ErrNotHeld)
	})
}

func TestLockIsHandedOnInOrder(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		var waiting []*attempt
		for range 6 {
			waiting = append(waiting, b.locking(b.mutex()))
		}
		time.Sleep(5 * ttl)                                                                                // longer than their TTL
		if looks := b.Requests(func(r fakestore.Request) bool { return r.Reads(dir) }); len(looks) > 6*7 { // one each TTL
			b.Errorf("six have looked %d times", len(looks))
		}
		for i, a := range waiting {
			if a.over() {
				b.Fatalf("number %d did not wait: %v", i, a.err)
			}
			before := len(b.Requests(func(r fakestore.Request) bool { return r.Reads(dir) }))
			b.unlock(lock)
			next := b.within(100*time.Millisecond, a)
			if looks := len(b.Requests(func(r fakestore.Request) bool { return r.Reads(dir) })) - before; looks != 1 {
				b.Errorf("%d looks at the line for one hand-over", looks)
			}
			if next.Token() <= lock.Token() {
				b.Errorf("token %d follows %d", next.Token(), lock.Token())
			}
			lock = next
		}
		b.unlock(lock)
		b.empty()
	})
}

// When a process has died, the next one follows with its TTL.
func TestLockOfTheDeadIsHandedOn(t *testing.T) {
	inBubble(t, func(b *bubble) {
		client := b.client()
		b.lock(NewMutex(client, dir, WithTTL(ttl)))
		a := b.locking(b.mutex())
		client.Close()
		lock := b.within(ttl+time.Second, a)
		if a.took < ttl-time.Second {
			b.Errorf("it waited for %v", a.took)
		}
		b.unlock(lock)
	})
}

// Though no watch wakes it, a waiter looks now and then.
func TestWaiterThatIsNotWoken(t *testing.T) {
	for _, time0 := range []time.Duration{5 * time.Second, ttl} {
		inBubble(t, func(b *bubble) {
			b.Obey(blind)
			lock := b.lock(b.mutex())
			a := b.locking(b.mutex(WithTTL(time0)))
			b.unlock(lock)
			b.within(max(lookAgain, time0), a)
			if limit := max(lookAgain, time0) - time.Second; a.took < limit {
				b.Errorf("it looked after %v", a.took)
			}
		})
	}
}

// A watch whose history is gone makes a waiter look, and wait on.
func TestWaiterSurvivesTheHistory(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		first := true
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Creates(dir) {
				first = true
			}
			if r.Waits() && r.Key == lock.Key() && first {
				first = false
				b.Forget()
				b.Put("/other", "x", 0)
				b.Forget()
			}
			return fakestore.Fault{}
		})
		a := b.locking(b.mutex(WithTTL(time.Hour)))
		time.Sleep(time.Minute)
		if a.over() {
			b.Fatalf("Lock returned %v", a.err)
		}
		b.unlock(lock)
		b.within(time.Second, a)
	})
}

func TestWaiterSaysWhyTheLastTryFailed(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir+"/other", "x", 0)
		ctx, cancel := context.WithTimeout(b.Context(), 50*time.Second)
		defer cancel()
		done := make(chan error, 1)
		m := b.mutex(WithTTL(2 * time.Minute))
		go func() {
			_, err := m.Lock(ctx)
			done <- err
		}()
		b.settle()
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
		b.Remove(dir + "/other") // so that it looks
		err := <-done
		b.is(err, context.DeadlineExceeded)
		var reason *etcd.Error
		if !errors.As(err, &reason) || reason.StatusCode != 503 {
			b.Errorf("it does not say why: %v", err)
		}
	})
}

// A refusal that no further try would change ends the wait, and nothing is left.
func TestWaiterIsRefused(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		client := b.client()
		a := b.locking(NewMutex(client, dir, WithTTL(ttl)))
		client.Close()
		select {
		case <-a.done:
		case <-time.After(time.Minute):
			b.Fatal("it waits for ever")
		}
		b.is(a.err, etcd.ErrClosed)
		b.unlock(lock)
	})
}

// A lock without TTL is claimed, and stays; a waiter for it does not.
func TestLockWithoutTTLStays(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex(WithoutTTL()))
		if !lock.Deadline().IsZero() || !b.expires().IsZero() {
			b.Errorf("it lasts until %v, and its key until %v", lock.Deadline(), b.expires())
		}
		client := b.client()
		a := b.locking(NewMutex(client, dir, WithoutTTL(), WithTTL(ttl)))
		if keys := b.Keys(dir); len(keys) != 2 || keys[1].Expires.IsZero() {
			b.Errorf("the keys are %v", keys)
		}
		if err := lock.SetValue(b.Context(), "new"); err != nil {
			b.Error(err)
		}
		client.Close()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		b.held(lock)
		if keys := b.Keys(dir); len(keys) != 1 || !a.over() || len(b.renewals()) > 20 {
			b.Errorf("the keys are %v, after %d renewals", keys, len(b.renewals()))
		}
		b.unlock(lock)
		b.empty()
	})
}

// A lock that is taken over keeps its kind of life, unless the options say another one.
func TestTakenOverTTL(t *testing.T) {
	for name, test := range map[string]struct {
		before, after []Option
		expires       bool
	}{
		"none after one": {[]Option{}, []Option{WithoutTTL()}, false},
		"one after none": {[]Option{WithoutTTL()}, []Option{}, true},
		"none at all":    {[]Option{WithoutTTL()}, []Option{WithoutTTL()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.lock(b.mutex(slices.Concat(test.before, []Option{WithIdentity("db")})...))
				lock := b.lock(b.mutex(slices.Concat(test.after, []Option{WithIdentity("db")})...))
				if b.expires().IsZero() == test.expires || lock.Deadline().IsZero() == test.expires {
					b.Errorf("it lasts until %v, and its key until %v", lock.Deadline(), b.expires())
				}
				time.Sleep(3 * ttl)
				b.held(lock)
				b.unlock(lock)
			})
		})
	}
}

// An old one that has expired, and is not swept yet, was not one without TTL.
func TestTakenOverAfterItsExpiry(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir+"/other", "x", 0)
		for range 2 {
			client := b.client()
			a := b.locking(NewMutex(client, dir, WithTTL(ttl), WithIdentity("db")))
			b.SweepLate(time.Minute)
			client.Close()
			<-a.done
			time.Sleep(ttl + time.Second)
		}
		time.Sleep(2 * time.Minute)
		if keys := b.Keys(dir); len(keys) != 1 {
			b.Errorf("the keys are %v", keys)
		}
	})
}

// A watch that begins after a look without an index would begin from now on, and miss what has happened since. So
// a waiter looks again until the server tells the index.
func TestWaiterThatIsNotToldTheIndex(t *testing.T) {
	inBubble(t, func(b *bubble) {
		holder := b.lock(b.mutex())
		var told atomic.Bool
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Method == http.MethodHead && r.Key == holder.Key() { // a watch asks for the present, after the look
				b.Remove(holder.Key())
			}
			return fakestore.Fault{Mute: !told.Load() && r.Reads(dir)}
		})
		waiter := b.locking(b.mutex())
		time.Sleep(5 * time.Second)
		if waiter.over() {
			b.Fatalf("it has not waited: %v", waiter.err)
		}
		told.Store(true)
		time.Sleep(5 * time.Second)
		b.unlock(holder)
		b.unlock(b.within(time.Second, waiter))
	})
}

// A password is changed on the server first. So a waiter that has looked before rides a refusal out, and one that
// has not is told.
func TestWaiterThatIsRefusedForAWhile(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		waiter := b.locking(b.mutex())
		b.Obey(func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Refuse: r.Reads(dir)} })
		b.unlock(lock)
		time.Sleep(time.Minute)
		if waiter.over() {
			b.Fatalf("the refusal has ended the wait: %v", waiter.err)
		}
		newcomer := b.locking(b.mutex())
		if !newcomer.over() {
			b.Fatal("a newcomer waits though it may not look")
		}
		b.is(newcomer.err, etcd.ErrUnauthorized)
		b.Obey(nil)
		b.unlock(b.within(10*time.Second, waiter))
		b.empty()
	})
}
