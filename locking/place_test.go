package locking

import (
	"context"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// blind makes polls hang, so that a lock learns nothing from its guard.
func blind(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: r.Waits()} }

// blindBut makes all polls hang, except those that wait for the going of key.
func blindBut(key string) func(r fakestore.Request) fakestore.Fault {
	return func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: r.Waits() && r.Key != key} }
}

func TestUnlockOfALostLockIsErrLost(t *testing.T) {
	for name, do := range map[string]func(b *bubble, key string){
		"removed": func(b *bubble, key string) { b.Remove(key) },
		"expired": func(b *bubble, key string) {
			b.Remove(key) // and another one has been made in its place
			b.Put(key, "another's", 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.Obey(blind)
				lock := b.lock(b.mutex())
				do(b, lock.Key())
				b.held(lock)
				b.is(lock.Unlock(b.Context()), ErrLost)
				b.is(lock.Unlock(b.Context()), ErrLost)
				if keys := b.Keys(dir); name == "expired" && (len(keys) != 1 || keys[0].Value != "another's") {
					b.Errorf("left are %v", keys)
				}
			})
		})
	}
}

// An Unlock whose deletion is not answered looks in the history how the key has gone.
func TestUnlockWhoseAnswerIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(b *bubble, key string)
		fault     fakestore.Fault // of the first deletion
		want      error
	}{
		"our own deletion":   {func(*bubble, string) {}, fakestore.Fault{Lose: true}, nil},
		"an operator's":      {(*bubble).Remove, fakestore.Fault{Drop: true}, ErrLost},
		"with its directory": {func(b *bubble, _ string) { b.Remove(dir) }, fakestore.Fault{Drop: true}, ErrLost},
		"out of the history": {func(b *bubble, _ string) { b.Forget() }, fakestore.Fault{Lose: true}, ErrLost},
		"not at all":         {func(*bubble, string) {}, fakestore.Fault{Drop: true}, nil},
		"the key is another's": {func(b *bubble, key string) {
			b.Remove(key)
			b.Put(key, "another's", ttl)
		}, fakestore.Fault{Drop: true}, ErrLost},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				lock := b.lock(b.mutex())
				b.settle()
				deletions := 0
				b.Obey(func(r fakestore.Request) fakestore.Fault {
					if !r.Deletes(dir) {
						return fakestore.Fault{}
					}
					if deletions++; deletions == 1 {
						return test.fault
					}
					if deletions == 2 {
						test.meanwhile(b, lock.Key())
					}
					return fakestore.Fault{}
				})
				err := lock.Unlock(b.Context())
				if test.want == nil && err != nil {
					b.Errorf("Unlock returned %v", err)
				}
				b.is(err, test.want)
			})
		})
	}
}

// A renewal may have been applied without an answer; Unlock deletes the key all the same.
func TestUnlockAfterAnUnknownRenewal(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.settle()
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Renews(dir) {
				return fakestore.Fault{After: time.Hour}
			}
			return fakestore.Fault{}
		})
		time.Sleep(ttl/3 + time.Second)
		b.unlock(lock)
		b.empty()
	})
}

// One that has expired may be in the store yet; that is no reason to say that it was unlocked in time.
func TestUnlockAfterTheDeadline(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.SweepLate(time.Minute)
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: true} })
		time.Sleep(ttl)
		b.Obey(nil)
		b.is(lock.Unlock(b.Context()), ErrLost)
		b.empty() // or the next one had to wait for the sweep
	})
}

func TestSecondUnlockRespectsItsContext(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.Obey(func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: r.Method == "DELETE"} })
		first := make(chan error, 1)
		firstCtx, cancelFirst := context.WithTimeout(b.Context(), 20*time.Second)
		defer cancelFirst()
		go func() { first <- lock.Unlock(firstCtx) }()
		b.ends(time.Second, lock, ErrUnlocked)
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		began := time.Now()
		b.is(lock.Unlock(ctx), context.DeadlineExceeded)
		if took := time.Since(began); took != time.Second {
			b.Errorf("it took %v", took)
		}
		b.is(<-first, context.DeadlineExceeded)
		b.Obey(nil)
		b.unlock(lock) // it may be called again
		b.empty()
	})
}

// An Unlock without a bound ends when the key has expired anyway.
func TestUnlockEndsWithTheTTL(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: true} })
		began := time.Now()
		err := lock.Unlock(context.WithoutCancel(b.Context()))
		if took := time.Since(began); err == nil || took != ttl {
			b.Errorf("it returned %v after %v", err, took)
		}
	})
}

func TestUnlockIsNotAllowed(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		lock.place.queue.client.Close()
		began := time.Now()
		b.is(lock.Unlock(b.Context()), etcd.ErrClosed)
		if took := time.Since(began); took > time.Second {
			b.Errorf("it took %v", took)
		}
	})
}
