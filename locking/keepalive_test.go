package locking

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// renewals returns the requests that have written keys of the lock anew.
func (b *bubble) renewals() []fakestore.Request {
	return b.Requests(func(r fakestore.Request) bool { return r.Renews(dir) })
}

// expires returns when the server lets the only key of the lock expire.
func (b *bubble) expires() time.Time {
	b.Helper()
	keys := b.Keys(dir)
	if len(keys) != 1 {
		b.Fatalf("the keys are %v", keys)
	}
	return keys[0].Expires
}

func TestLockIsRenewedEveryThirdOfItsTTL(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		time.Sleep(10*ttl + time.Second)
		b.held(lock)
		renewals := b.renewals()
		if len(renewals) != 30 {
			b.Fatalf("%d renewals in ten TTLs", len(renewals))
		}
		for i, r := range renewals[1:] {
			if gap := r.At.Sub(renewals[i].At); gap != ttl/3 {
				b.Errorf("renewal %d came after %v", i+1, gap)
			}
		}
		b.unlock(lock)
		b.empty()
	})
}

// A proxy may hold back each answer. The holder must never believe that the lock lasts for longer than it does.
func TestDeadlineIsNeverBehindTheServers(t *testing.T) {
	for name, fault := range map[string]fakestore.Fault{
		"the answers are late":  {After: ttl / 4},
		"the requests are late": {Before: ttl / 4},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				b.Obey(func(r fakestore.Request) fakestore.Fault {
					if r.Creates(dir) || r.Renews(dir) {
						return fault
					}
					return fakestore.Fault{}
				})
				lock := b.lock(b.mutex())
				for range 100 {
					b.held(lock)
					if deadline, expires := lock.Deadline(), b.expires(); deadline.After(expires) {
						b.Fatalf("the deadline is %v behind the server's", deadline.Sub(expires))
					}
					time.Sleep(ttl / 29)
				}
				// Now the server hears nothing any more.
				b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Hang: true} })
				b.ends(ttl, lock, ErrLost)
				if left := time.Until(b.expires()); left < ttl/10 {
					b.Errorf("the context has ended %v before the server's deadline", left)
				}
			})
		})
	}
}

func TestLockWhoseRenewalsFailEndsBeforeTheDeadline(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		time.Sleep(ttl/3 + time.Second)
		last := b.renewals()[0].At
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
		b.ends(ttl, lock, ErrLost)
		if after := time.Since(last); after != ttl-ttl/10 {
			b.Errorf("the context ended %v after the last renewal", after)
		}
		cause := context.Cause(lock.Context())
		var reason *etcd.Error
		if !errors.As(cause, &reason) || reason.StatusCode != 503 {
			b.Errorf("the loss does not say why: %v", cause)
		}
		failures := fakestore.Told[RenewalFailed](&b.events)
		if len(failures) < 3 || failures[0].Key != lock.Key() || !failures[0].Deadline.Equal(last.Add(ttl)) {
			b.Errorf("told were %v", failures)
		}
		b.is(lock.Unlock(b.Context()), ErrLost)
	})
}

func TestOneLostRenewalDoesNotCostTheLock(t *testing.T) {
	for name, fault := range map[string]fakestore.Fault{"hangs": {Hang: true}, "is lost": {Lose: true}, "breaks": {Drop: true}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				lock := b.lock(b.mutex(WithTTL(12 * time.Second))) // about what a request may take otherwise
				b.settle()
				first := true
				b.Obey(func(r fakestore.Request) fakestore.Fault {
					if r.Renews(dir) && first {
						first = false
						return fault
					}
					return fakestore.Fault{}
				})
				time.Sleep(3 * ttl)
				b.held(lock)
				b.unlock(lock)
				b.empty()
			})
		})
	}
}

// Even a refusal may be gone before the deadline: an operator may be changing the users.
func TestRefusedRenewalIsMadeAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		lock := b.lock(b.mutex())
		b.Obey(func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Refuse: r.Renews(dir)} })
		time.Sleep(ttl / 2)
		b.Obey(nil)
		time.Sleep(ttl)
		b.held(lock)
		b.unlock(lock)
	})
}

// What ends a lock from outside is seen by its guard, long before a renewal finds it.
func TestGuardSeesWhatEndsTheLock(t *testing.T) {
	for name, do := range map[string]func(b *bubble, key string){
		"its key is deleted":   func(b *bubble, key string) { b.Remove(key) },
		"its directory is":     func(b *bubble, _ string) { b.Remove(dir) },
		"the key is made anew": func(b *bubble, key string) { b.Put(key, "x", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				lock := b.lock(b.mutex())
				b.settle()
				do(b, lock.Key())
				b.ends(time.Second, lock, ErrLost)
				b.is(lock.Unlock(b.Context()), ErrLost)
			})
		})
	}
}

// A guard whose history is gone looks at the key itself.
func TestGuardSurvivesTheHistory(t *testing.T) {
	for _, gone := range []bool{true, false} {
		inBubble(t, func(b *bubble) {
			lock := b.lock(b.mutex(WithTTL(time.Hour)))
			b.settle()
			b.Obey(func(r fakestore.Request) fakestore.Fault { return fakestore.Fault{Drop: r.Waits()} })
			time.Sleep(2 * time.Minute) // its poll is made anew, and fails
			if gone {
				b.Remove(lock.Key())
			}
			b.Forget()
			b.Obey(nil)
			if gone {
				b.ends(time.Minute, lock, ErrLost)
				return
			}
			time.Sleep(time.Minute)
			b.held(lock)
			b.unlock(lock)
		})
	}
}

func TestLockEndsWithItsClient(t *testing.T) {
	inBubble(t, func(b *bubble) {
		client := b.client()
		lock := b.lock(NewMutex(client, dir, WithTTL(ttl)))
		client.Close()
		b.ends(time.Second, lock, ErrLost, etcd.ErrClosed)
	})
}
