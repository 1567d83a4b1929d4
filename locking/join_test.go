package locking

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
)

// A contender that gives up leaves nothing behind, though its request to join has no answer.
func TestUnknownCreationLeavesNoKey(t *testing.T) {
	for name, fault := range map[string]fakestore.Fault{"the answer never comes": {After: time.Hour}, "the connection breaks": {Lose: true}} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				m := b.mutex()
				holder := b.lock(b.mutex())
				b.Obey(func(r fakestore.Request) fakestore.Fault {
					switch {
					case r.Creates(dir):
						return fault
					case r.Waits(), r.Method == "GET" && r.Key != dir: // and it cannot be looked for
						return fakestore.Fault{Status: 500}
					}
					return fakestore.Fault{}
				})
				ctx, cancel := context.WithTimeout(b.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				_, err := m.Lock(ctx)
				b.is(err, context.DeadlineExceeded)
				if took := time.Since(began); took > 5*time.Second+2*cleanUpTime {
					b.Errorf("it took %v", took)
				}
				if created := len(b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) })); created < 2 {
					b.Errorf("%d creations", created)
				}
				if keys := b.Keys(dir); len(keys) != 1 || keys[0].Name != holder.Key() {
					b.Errorf("the keys are %v", keys)
				}
			})
		})
	}
}

// A request that is cut off while it is written may arrive, and is waited for.
func TestCreationThatArrivesLateLeavesNoKey(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Creates(dir) {
				return fakestore.Fault{Before: time.Second}
			}
			return fakestore.Fault{}
		})
		ctx, cancel := context.WithCancel(b.Context())
		time.AfterFunc(time.Second/2, cancel)
		_, err := b.mutex().Lock(ctx)
		b.is(err, context.Canceled)
		time.Sleep(time.Second)
		b.empty()
	})
}

// A sweep that fails is made again.
func TestSweepIsMadeAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		failures := 0
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			switch {
			case r.Creates(dir):
				return fakestore.Fault{After: time.Hour}
			case r.Reads(dir) && failures < 3:
				failures++
				return fakestore.Fault{Status: 503}
			}
			return fakestore.Fault{}
		})
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		_, err := b.mutex().Lock(ctx)
		b.is(err, context.DeadlineExceeded)
		b.empty()
	})
}

// The same where nobody holds the lock: the directory goes, too.
func TestSweepRemovesTheDirectory(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Creates(dir) {
				return fakestore.Fault{After: time.Hour}
			}
			return fakestore.Fault{}
		})
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		_, err := b.mutex().Lock(ctx)
		b.is(err, context.DeadlineExceeded)
		b.empty()
	})
}

// A waiter that gives up is out of the line, and those behind it move up.
func TestWaiterThatGivesUpLeavesTheLine(t *testing.T) {
	inBubble(t, func(b *bubble) {
		first := b.lock(b.mutex())
		second, third := b.locking(b.mutex()), b.locking(b.mutex())
		second.cancel()
		<-second.done
		b.is(second.err, context.Canceled)
		if keys := b.Keys(dir); len(keys) != 2 {
			b.Errorf("the keys are %v", keys)
		}
		if third.over() {
			b.Error("the third holds beside the first")
		}
		b.unlock(first)
		lock := b.within(time.Second, third)
		if lock.Token() <= first.Token() {
			b.Errorf("token %d follows %d", lock.Token(), first.Token())
		}
		b.unlock(lock)
		b.empty()
	})
}

func TestWaiterWhoseKeyIsGoneJoinsAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		first := b.lock(b.mutex())
		second, third := b.locking(b.mutex()), b.locking(b.mutex())
		b.Remove(b.Keys(dir)[1].Name)
		b.settle()
		b.unlock(first)
		b.unlock(b.within(time.Second, third))
		lock := b.within(time.Second, second)
		b.unlock(lock)
		b.empty()
	})
}

// A place whose key was made anew by somebody else is not joined again: two processes of one identity would
// take the lock from each other for ever.
func TestIdentityTakenOverWhileWaiting(t *testing.T) {
	inBubble(t, func(b *bubble) {
		holder := b.lock(b.mutex())
		first := b.locking(b.mutex(WithIdentity("db")))
		second := b.locking(b.mutex(WithIdentity("db")))
		<-first.done
		b.is(first.err, ErrLost, errTakenOver)
		if keys := b.Keys(dir); len(keys) != 2 || second.over() {
			b.Errorf("the keys are %v", keys)
		}
		b.unlock(holder)
		b.unlock(b.within(time.Second, second))
		b.empty()
	})
}

// The same where no guard sees it, and the line says so.
func TestIdentityTakenOverUnseen(t *testing.T) {
	inBubble(t, func(b *bubble) {
		holder := b.lock(b.mutex())
		b.Obey(blindBut(holder.Key()))
		first := b.locking(b.mutex(WithIdentity("db")))
		second := b.locking(b.mutex(WithIdentity("db")))
		b.unlock(holder)
		<-first.done
		b.is(first.err, ErrLost, errTakenOver)
		b.unlock(b.within(time.Second, second))
	})
}

func TestIdentityTakesALockOver(t *testing.T) {
	inBubble(t, func(b *bubble) {
		old := b.lock(b.mutex(WithIdentity("db"), WithValue("old")))
		behind := b.locking(b.mutex())
		b.settle()
		lock := b.within(time.Second, b.locking(b.mutex(WithIdentity("db"), WithValue("new"), WithTTL(2*ttl))))
		b.ends(time.Second, old, ErrLost, errTakenOver)
		b.is(old.Unlock(b.Context()), ErrLost)
		if lock.Token() != old.Token() || lock.Key() != old.Key() || lock.Value() != "new" || behind.over() {
			b.Errorf("the lock is %s with token %d", lock.Key(), lock.Token())
		}
		time.Sleep(5 * ttl)
		b.held(lock)
		b.unlock(lock)
		b.unlock(b.within(time.Second, behind))
	})
}

// TryLock takes over, too, and an identity is only what has its name and takes the same kind of lock.
func TestIdentityIsOfItsOwn(t *testing.T) {
	inBubble(t, func(b *bubble) {
		rw := func(identity string) *RWMutex {
			return NewRWMutex(b.client(), dir, WithTTL(ttl), WithIdentity(identity))
		}
		old := b.lock(rw("a"))
		lock, err := rw("a").TryLock(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.ends(time.Second, old, ErrLost)
		_, err = rw("b").TryLock(b.Context())
		b.is(err, ErrLocked)
		_, err = rw("a").TryRLock(b.Context())
		b.is(err, ErrLocked)
		b.held(lock)
		b.unlock(lock)
		b.empty()
	})
}

// That a takeover is counted from its request shows when no answer to a renewal follows.
func TestDeadlineOfATakeover(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.lock(b.mutex(WithIdentity("db")))
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Renews(dir) {
				return fakestore.Fault{After: ttl / 4}
			}
			return fakestore.Fault{}
		})
		lock := b.lock(b.mutex(WithIdentity("db")))
		if deadline, expires := lock.Deadline(), b.expires(); deadline.After(expires) {
			b.Errorf("the deadline is %v behind the server's", deadline.Sub(expires))
		}
	})
}

func TestTryLock(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.mutex()
		lock, err := m.TryLock(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		_, err = b.mutex().TryLock(b.Context())
		b.is(err, ErrLocked)
		if made := len(b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) })); made != 1 {
			b.Errorf("%d keys were made", made)
		}
		b.unlock(lock)
		b.empty()
	})
}

// Two that try at the same time: the second finds out when it is in line, and leaves it.
func TestTryLockThatComesSecondLeavesTheLine(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Creates(dir) {
				b.Put(dir+"/other", "x", 0)
			}
			return fakestore.Fault{}
		})
		_, err := b.mutex().TryLock(b.Context())
		b.is(err, ErrLocked)
		if keys := b.Keys(dir); len(keys) != 1 {
			b.Errorf("the keys are %v", keys)
		}
	})
}

// A TTL that is shorter than a request takes is told, instead of trying for ever.
func TestTTLBelowTheRoundTrip(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{After: 1500 * time.Millisecond} })
		ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
		defer cancel()
		_, err := b.mutex(WithTTL(time.Second)).Lock(ctx)
		if err == nil || !strings.Contains(err.Error(), "TTL 1s is too short") || errors.Is(err, ErrLost) {
			b.Errorf("it returned %v", err) // an ErrLost would make an election's Run try again
		}
		if ctx.Err() != nil {
			b.Error("it tried for an hour")
		}
		if made := len(b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) })); made != 3 {
			b.Errorf("%d places were made", made)
		}
	})
}

// Places that were lost for another reason, such as an outage while waiting, do not count.
func TestWaiterSurvivesOutages(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Put(dir+"/other", "x", 0)
		a := b.locking(b.mutex())
		for range 5 {
			b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
			time.Sleep(2 * ttl)
			if keys := b.Keys(dir); len(keys) != 1 {
				b.Fatalf("the keys are %v", keys)
			}
			b.Obey(nil)
			time.Sleep(ttl)
		}
		if a.over() {
			b.Fatalf("Lock returned %v", a.err)
		}
		b.Remove(dir + "/other")
		b.unlock(b.within(time.Second, a))
		b.empty()
	})
}

// Places of which nobody has heard since they were made may be lost to an outage. Only slow answers show that the TTL is
// too short.
func TestOutageIsNoShortTTL(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(r fakestore.Request) fakestore.Fault {
			if r.Method == http.MethodHead || r.Creates(dir) {
				return fakestore.Fault{}
			}
			return fakestore.Fault{Status: 503}
		})
		a := b.locking(b.mutex())
		time.Sleep(10 * ttl)
		if made := len(b.Requests(func(r fakestore.Request) bool { return r.Creates(dir) })); made < 4 {
			b.Errorf("%d places were made", made)
		}
		if a.over() {
			b.Fatalf("Lock returned %v", a.err)
		}
		b.Obey(nil)
		b.unlock(b.within(2*ttl, a))
		b.empty()
	})
}

// A failure to get in line is returned, with the reason.
func TestLockWhereNobodyAnswers(t *testing.T) {
	inBubble(t, func(b *bubble) {
		b.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		_, err := b.mutex().Lock(ctx)
		if !etcd.Retryable(err) {
			b.Errorf("Lock returned %v", err)
		}
		b.empty()
	})
}

// Each key has a name of its own, or a late creation would be another's.
func TestNamesAreNotUsedAgain(t *testing.T) {
	inBubble(t, func(b *bubble) {
		m := b.mutex()
		var names []string
		for range 3 {
			lock := b.lock(m)
			names = append(names, lock.Key())
			b.unlock(lock)
		}
		slices.Sort(names)
		if len(slices.Compact(names)) != 3 {
			b.Errorf("the names are %v", names)
		}
	})
}
