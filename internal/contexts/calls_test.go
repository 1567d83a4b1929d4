package contexts_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakenet"
	"github.com/etcdv2/client/locking"
)

// fixture is what calls are made with.
type fixture struct {
	server     *server
	client     *etcd.Client
	mirror     *etcd.Mirror
	mutex      *locking.Mutex
	held       *locking.Lock // of mutex
	election   *election.Election
	term       *election.Term // of election
	discovery  etcd.Discovery
	registered *etcd.Registration

	broken atomic.Pointer[error] // what the transport and the resolver return instead of an answer
}

func newFixture(t *testing.T, wrap func(*fixture, http.RoundTripper) http.RoundTripper) *fixture {
	t.Helper()
	var network fakenet.Network
	f := &fixture{server: newServer()}
	url := network.Serve(t, "a", f.server)
	network.Serve(t, "b", f.server)
	transport := &http.Transport{DialContext: network.Dial, MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	var err error
	fail := func() {
		if err != nil {
			t.Fatal(err)
		}
	}
	config := etcd.Config{Endpoints: []string{url}, HTTPClient: &http.Client{Transport: wrap(f, transport)}}
	f.client, err = etcd.New(config)
	fail()
	t.Cleanup(func() { f.client.Close() })
	f.mirror, err = f.client.Mirror(t.Context(), "/d")
	fail()
	const ttl = time.Hour // so that what is held outlives all tries
	f.mutex = locking.NewMutex(f.client, "/locks/held", locking.WithTTL(ttl))
	f.election = election.New(f.client, "/e", election.WithTTL(ttl))
	f.held, err = f.mutex.Lock(t.Context())
	fail()
	f.term, err = f.election.Campaign(t.Context(), "a")
	fail()
	f.registered, err = f.client.Register(t.Context(), "/r", "v", ttl)
	fail()
	f.discovery = etcd.Discovery{Domain: "example.com", Resolver: &net.Resolver{PreferGo: true, Dial: f.dial}}
	return f
}

// dial is how the resolver reaches a name server, which does not answer.
func (f *fixture) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if broken := f.broken.Load(); broken != nil {
		return nil, *broken
	}
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func plain(_ *fixture, transport http.RoundTripper) http.RoundTripper { return transport }

// outcome is what a call has returned.
type outcome struct {
	result any
	err    error
}

func (c call) start(ctx context.Context, f *fixture) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		result, err := c(ctx, f)
		done <- outcome{result, err}
	}()
	return done
}

// checkNothingConcluded fails if the outcome of a call that got no answer has a result, or an error that only
// an answer or Close can have.
func checkNothingConcluded(t *testing.T, name string, got outcome) {
	t.Helper()
	if got.err == nil {
		t.Fatalf("no error, but the result %+v", got.result)
	}
	if got.result != nil && !reflect.ValueOf(got.result).IsZero() {
		t.Errorf("the error is %v, and the result %+v", got.err, got.result)
	}
	for what, err := range own {
		switch {
		case !errors.Is(got.err, err):
		case what == "etcd.ErrOutcomeUnknown" && writes[name] != nil:
		case what == "etcd.ErrUnhealthy" && name == "etcd.Client.Health":
		default:
			t.Errorf("the error is %s: %v", what, got.err)
		}
	}
	var reply *etcd.Error
	var code etcd.ErrorCode
	if errors.As(got.err, &reply) || errors.As(got.err, &code) {
		t.Errorf("the error has a reply: %v", got.err)
	}
}

// checkUnharmed fails if a call that was not to end it has ended something.
func (f *fixture) checkUnharmed(t *testing.T, name string) {
	t.Helper()
	if err := f.mirror.Err(); err != nil {
		t.Errorf("the mirror ended: %v", err)
	}
	if ctx := f.held.Context(); ctx.Err() != nil && name != "locking.Lock.Unlock" {
		t.Errorf("the lock ended: %v", context.Cause(ctx))
	}
	if ctx := f.term.Context(); ctx.Err() != nil && name != "election.Term.Resign" {
		t.Errorf("the term ended: %v", context.Cause(ctx))
	}
}

var missing = &etcd.Error{Code: etcd.ErrKeyNotFound, Message: "Key not found", StatusCode: 404, Index: 9}

// causes are with what a caller may cancel a context.
var causes = map[string]error{
	"no cause": nil, "a reply": missing, "a code": etcd.ErrKeyNotFound, "not supported": etcd.ErrNotSupported,
	"closed": etcd.ErrClosed, "a lost lock": locking.ErrLost, "an unlocked lock": locking.ErrUnlocked,
	"a cleared history": etcd.ErrEventIndexCleared, "a conflict": fmt.Errorf("swap: %w", etcd.ErrCompareFailed),
}

// forEachCall runs test in a bubble for every call of the library.
func forEachCall(t *testing.T, test func(t *testing.T, name string, c call)) {
	// Package net makes what it knows of name servers with the first lookup, which must not be in a bubble.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = etcd.Discovery{Domain: "example.com", Resolver: &net.Resolver{PreferGo: true}}.Endpoints(ended)
	for _, table := range []map[string]call{reads, writes} {
		for name, c := range table {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, name, c) })
			})
		}
	}
}

func checkEnded(t *testing.T, ctx context.Context, err error) {
	t.Helper()
	if !errors.Is(err, ctx.Err()) {
		t.Errorf("the error does not unwrap to the context's: %v", err)
	}
	if cause := context.Cause(ctx); err != nil && !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("the error %v does not name the cause %v", err, cause)
	}
}

func TestContextThatHasEndedSettlesNothing(t *testing.T) {
	forEachCall(t, func(t *testing.T, name string, c call) {
		f := newFixture(t, plain)
		for of, cause := range causes {
			t.Log("canceled with", of)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			got := <-c.start(ctx, f)
			checkEnded(t, ctx, got.err)
			checkNothingConcluded(t, name, got)
			if errors.Is(got.err, etcd.ErrOutcomeUnknown) {
				t.Errorf("nothing was sent, and the error is %v", got.err)
			}
			f.checkUnharmed(t, name)
		}
	})
}

func TestContextThatEndsInFlightSettlesNothing(t *testing.T) {
	forEachCall(t, func(t *testing.T, name string, c call) {
		f := newFixture(t, plain)
		for of, cause := range causes {
			t.Log("canceled with", of)
			f.checkEndInFlight(t, name, c, cause, 0)
		}
	})
}

// through are the calls that only clean up after their first answers, whatever becomes of that.
var through = map[string]bool{"locking.Do": true, "locking.Lock.Unlock": true, "election.Term.Resign": true}

// A call of several requests can end in each of them.
func TestContextThatEndsInALaterRequestSettlesNothing(t *testing.T) {
	for answered := 1; answered <= 4; answered++ {
		t.Run(fmt.Sprint(answered), func(t *testing.T) {
			forEachCall(t, func(t *testing.T, name string, c call) {
				if !through[name] {
					newFixture(t, plain).checkEndInFlight(t, name, c, missing, answered)
				}
			})
		})
	}
}

// checkEndInFlight makes a call of which the server answers so many requests, and ends its context with cause.
func (f *fixture) checkEndInFlight(t *testing.T, name string, c call, cause error, answered int) {
	t.Helper()
	synctest.Wait()
	f.server.hangAfter(answered)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := c.start(ctx, f)
	synctest.Wait()
	select {
	case <-done:
		return // it did not take as many requests
	default:
	}
	cancel(cause)
	got := <-done
	checkEnded(t, ctx, got.err)
	checkNothingConcluded(t, name, got)
	f.checkUnharmed(t, name)
}
