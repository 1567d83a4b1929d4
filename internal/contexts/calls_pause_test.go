package contexts_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
)

// A call that tries again and again may be in a pause when its context ends.
func TestContextThatEndsBetweenTriesIsInTheError(t *testing.T) {
	forEachCall(t, func(t *testing.T, _ string, c call) {
		f := newFixture(t, plain)
		synctest.Wait()
		f.server.fail("GET", "HEAD", "PUT", "POST", "DELETE")
		f.checkEndInPause(t, c)
	})
}

// checkEndInPause makes a call that the server does not answer well, and fails if it lasts as long as its
// context and does not say so.
func (f *fixture) checkEndInPause(t *testing.T, c call) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 29*time.Second, missing)
	defer cancel()
	got := <-c.start(ctx, f)
	switch {
	case ctx.Err() == nil: // it does not try again
	case got.result != nil && !reflect.ValueOf(got.result).IsZero():
		t.Errorf("the error is %v, and the result %+v", got.err, got.result)
	default:
		checkEnded(t, ctx, got.err)
	}
}

func TestContextThatEndsWhileAWriteIsSettledIsInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, plain)
		f.server.fail("PUT", "GET")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, missing)
		defer cancel()
		_, err := f.client.Create(ctx, "/n", "v", etcd.WithUniqueValue())
		checkEnded(t, ctx, err)
		if !errors.Is(err, etcd.ErrOutcomeUnknown) {
			t.Errorf("the error is %v", err)
		}
	})
}

// A waiter whose key has gone takes a new place, which it may try for until its context ends.
func TestContextThatEndsWhileAWaiterJoinsAgainIsInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, plain)
		mutex := locking.NewMutex(f.client, "/locks/held", locking.WithTTL(10*time.Second), locking.WithIdentity("a"))
		time.AfterFunc(time.Second, func() {
			f.server.forget() // the next renewal finds out
			f.server.fail("GET")
		})
		f.checkEndInPause(t, func(ctx context.Context, _ *fixture) (any, error) { return mutex.Lock(ctx) })
	})
}

// A place that is lost ends the calls that are made for it. That is not the end of the caller's context.
func TestPlaceThatIsLostIsNoEndOfTheCallersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, plain)
		synctest.Wait()
		f.server.hangAfter(3) // the queue is read, the index is asked for, a place is taken, and the queue is read again
		call := call(func(ctx context.Context, f *fixture) (any, error) { return f.free().TryLock(ctx) })
		done := call.start(t.Context(), f)
		synctest.Wait()
		f.server.hangAfter(-1)
		close(f.server.gone)
		if got := <-done; !errors.Is(got.err, locking.ErrLost) || errors.Is(got.err, context.Canceled) {
			t.Errorf("the error is %v", got.err)
		}
	})
}
