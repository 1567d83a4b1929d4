package locking_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// wantLost waits for the end of a lock and checks that it was lost.
func wantLost(t *testing.T, lock *locking.Lock) {
	t.Helper()
	<-lock.Context().Done()
	if cause := context.Cause(lock.Context()); !errors.Is(cause, locking.ErrLost) {
		t.Error(cause)
	}
}

func TestLockWhoseKeyIsRemovedIsLost(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		lock := begin(t, locking.NewMutex(s.Client, s.Dir)).held(t)
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), lock.Key()))
		wantLost(t, lock)
		for _, err := range []error{
			lock.Extend(t.Context(), time.Minute), lock.SetValue(t.Context(), "x"), lock.Unlock(t.Context()),
		} {
			if !errors.Is(err, locking.ErrLost) {
				t.Error(err)
			}
		}
		wantGone(t, s)
	})
}

func TestLockWhoseKeyIsOverwrittenIsLost(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		lock := begin(t, locking.NewMutex(s.Client, s.Dir)).held(t)
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), lock.Key(), "somebody's"))
		wantLost(t, lock)
		if err := lock.Unlock(t.Context()); !errors.Is(err, locking.ErrLost) {
			t.Error(err)
		}
		if resp := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), lock.Key())); resp.Node.Value != "somebody's" {
			t.Error("another's key was touched")
		}
	})
}

func TestExtend(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		lock := begin(t, mutex).held(t)
		for _, ttl := range []time.Duration{time.Hour, 90 * time.Second, 500 * time.Hour} {
			if err := lock.Extend(t.Context(), ttl); err != nil {
				t.Fatal(err)
			}
			holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context()))
			if left := time.Until(lock.Deadline()); left > ttl || left > holder.TTL || holder.TTL > ttl || ttl-left > time.Minute {
				t.Errorf("extended to %v: %v here, %v there", ttl, left, holder.TTL)
			}
		}
		if err := lock.Extend(t.Context(), time.Millisecond); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Error(err)
		}
		if lock.Key() == "" || lock.Context().Err() != nil {
			t.Error("lost by being extended")
		}
		unlock(t, lock)
		if err := lock.Extend(t.Context(), time.Minute); !errors.Is(err, locking.ErrUnlocked) {
			t.Error(err)
		}
	})
}

func TestExtendHoldsForTheRenewalsToCome(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithTTL(time.Second))
		lock := begin(t, mutex).held(t)
		check(t, lock.Extend(t.Context(), 3*time.Second))
		first := lock.Deadline()
		live.Eventually(t, "it is kept alive", func() bool { return lock.Deadline().Sub(first) > 1500*time.Millisecond })
		if holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context())); holder.TTL < 2*time.Second {
			t.Errorf("%v to live after the first renewals", holder.TTL)
		}
		unlock(t, lock)
	})
}

func TestSetValue(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir)
		lock := begin(t, mutex).held(t)
		for _, value := range []string{"", "<a & b>", "ü\n"} {
			if err := lock.SetValue(t.Context(), value); err != nil {
				t.Fatal(err)
			}
			holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context()))
			if holder.Value != value || lock.Value() != value || holder.Token != lock.Token() {
				t.Errorf("%q: %+v", value, holder)
			}
		}
		if err := lock.SetValue(t.Context(), "\xff"); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Error(err)
		}
		unlock(t, lock)
	})
}

func TestContextHasTheCallersValues(t *testing.T) {
	s := live.Latest(t)
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "x"))
	lock := live.Must[*locking.Lock](t)(locking.NewMutex(s.Client, s.Dir).Lock(ctx))
	cancel()
	if lock.Context().Value(key{}) != "x" || lock.Context().Err() != nil {
		t.Error("the lock's context ends with the call's, or has not its values")
	}
	unlock(t, lock)
}

func TestWithoutTTL(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithoutTTL(), locking.WithTTL(time.Second))
		lock := begin(t, mutex).held(t)
		waiter := begin(t, mutex)
		queue := inLine(t, mutex, 2)
		if !lock.Deadline().IsZero() || queue[0].TTL != 0 || queue[1].TTL == 0 {
			t.Errorf("deadline %v, queue %+v", lock.Deadline(), queue)
		}
		if err := lock.SetValue(t.Context(), "still"); err != nil {
			t.Error(err)
		}
		if holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context())); holder.TTL != 0 || holder.Value != "still" {
			t.Errorf("%+v", holder)
		}
		unlock(t, lock)
		unlock(t, waiter.held(t))
		wantGone(t, s)
	})
}

func TestIdentityTakesOver(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for _, opts := range [][]locking.Option{nil, {locking.WithoutTTL()}} {
			opts = append(opts, locking.WithIdentity("db-1"))
			before := begin(t, locking.NewMutex(s.Client, s.Dir, opts...)).held(t)
			other := begin(t, locking.NewMutex(s.Client, s.Dir))
			mutex := locking.NewMutex(s.Client, s.Dir, append(opts, locking.WithValue("new"))...)
			inLine(t, mutex, 2)

			lock := begin(t, mutex).held(t)
			wantLost(t, before)
			if lock.Key() != before.Key() || lock.Token() != before.Token() || lock.Deadline().IsZero() != before.Deadline().IsZero() {
				t.Errorf("%s %d, before %s %d", lock.Key(), lock.Token(), before.Key(), before.Token())
			}
			if err := before.Unlock(t.Context()); !errors.Is(err, locking.ErrLost) {
				t.Error(err)
			}
			if holder := live.Must[locking.Contender](t)(mutex.Holder(t.Context())); holder.Value != "new" || holder.Identity != "db-1" {
				t.Errorf("%+v", holder)
			}
			unlock(t, lock)
			unlock(t, other.held(t))
			wantGone(t, s)
		}
	})
}

func TestIdentityOfAWaiterTakesItsPlace(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		mutex := locking.NewMutex(s.Client, s.Dir, locking.WithIdentity("db-1"))
		holder := begin(t, locking.NewMutex(s.Client, s.Dir)).held(t)
		earlier := begin(t, mutex)
		queue := inLine(t, mutex, 2)
		later := begin(t, mutex)
		<-earlier.done
		if !errors.Is(earlier.err, locking.ErrLost) {
			t.Error(earlier.err)
		}
		if now := inLine(t, mutex, 2); now[1].Key != queue[1].Key {
			t.Error("the place was lost")
		}
		if _, err := mutex.TryLock(t.Context()); !errors.Is(err, locking.ErrLocked) {
			t.Error(err)
		}
		<-later.done // its place was taken over by the one that only tried
		if !errors.Is(later.err, locking.ErrLost) {
			t.Error(later.err)
		}
		unlock(t, holder)
		wantGone(t, s)
	})
}

func TestInvalidOptions(t *testing.T) {
	s := live.Latest(t)
	for name, mutex := range map[string]interface {
		locking.Acquirer
		TryLock(context.Context) (*locking.Lock, error)
	}{
		"TTL":             locking.NewMutex(s.Client, s.Dir, locking.WithTTL(time.Millisecond)),
		"value":           locking.NewMutex(s.Client, s.Dir, locking.WithValue("\xff")),
		"identity":        locking.NewMutex(s.Client, s.Dir, locking.WithIdentity("")),
		"root":            locking.NewMutex(s.Client, "/"),
		"name":            locking.NewMutex(s.Client, s.Dir+"/../x"),
		"Python identity": locking.NewMutex(s.Client, "x", locking.WithPythonLayout(), locking.WithIdentity("x")),
		"Python value":    locking.NewMutex(s.Client, "x", locking.WithPythonLayout(), locking.WithValue("x")),
		"Python RW":       locking.NewRWMutex(s.Client, "x", locking.WithPythonLayout()),
		"limit":           locking.NewSemaphore(s.Client, s.Dir, 0),
	} {
		if _, err := mutex.Lock(t.Context()); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("%s: Lock: %v", name, err)
		}
		if _, err := mutex.TryLock(t.Context()); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("%s: TryLock: %v", name, err)
		}
	}
}

func TestFileInPlaceOfTheDirectory(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir, "file"))
		mutex := locking.NewMutex(s.Client, s.Dir)
		if _, err := mutex.Lock(t.Context()); !errors.Is(err, etcd.ErrNotDir) {
			t.Error(err)
		}
		if _, err := mutex.TryLock(t.Context()); !errors.Is(err, etcd.ErrNotDir) {
			t.Error(err)
		}
		if resp := live.Must[*etcd.Response](t)(s.Client.Get(t.Context(), s.Dir)); resp.Node.Value != "file" {
			t.Error("the file was touched")
		}
	})
}

// What is in a lock's directory without being a contender of ours holds others up, since nobody knows
// what it is for.
func TestForeignKeyIsAContender(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"/foreign", "somebody's"))
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"/sub/directory", "is not"))
		mutex := locking.NewMutex(s.Client, s.Dir)
		waiter := begin(t, mutex)
		if queue := inLine(t, mutex, 2); queue[0].Value != "somebody's" {
			t.Errorf("%+v", queue)
		}
		live.Must[*etcd.Response](t)(s.Client.Delete(t.Context(), s.Dir+"/foreign"))
		unlock(t, waiter.held(t))
	})
}

func TestLockOfAClosedClientIsLost(t *testing.T) {
	s := live.Latest(t)
	client := live.Must[*etcd.Client](t)(etcd.New(etcd.Config{Endpoints: []string{s.Endpoint}}))
	mutex := locking.NewMutex(client, s.Dir)
	lock, waiter := begin(t, mutex).held(t), begin(t, mutex)
	inLine(t, locking.NewMutex(s.Client, s.Dir), 2)
	check(t, client.Close())
	wantLost(t, lock)
	<-waiter.done
	if !errors.Is(waiter.err, etcd.ErrClosed) {
		t.Error(waiter.err)
	}
}
