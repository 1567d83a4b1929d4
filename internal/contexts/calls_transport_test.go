package contexts_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// breakable is a transport that can be told what to return.
type breakable struct {
	http.RoundTripper
	*fixture
}

func wrapped(f *fixture, transport http.RoundTripper) http.RoundTripper {
	return breakable{transport, f}
}

func (b breakable) RoundTrip(req *http.Request) (*http.Response, error) {
	if broken := b.broken.Load(); broken != nil {
		return nil, *broken
	}
	return b.RoundTripper.RoundTrip(req)
}

// A transport and a resolver are the caller's too: they may make calls of their own, and return their errors.
func TestErrorOfATransportIsNoAnswer(t *testing.T) {
	forEachCall(t, func(t *testing.T, name string, c call) {
		f := newFixture(t, wrapped)
		for of, broken := range causes {
			if broken == nil {
				continue
			}
			t.Log("broken with", of)
			f.broken.Store(&broken)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // some calls try until then
			got := <-c.start(ctx, f)
			cancel()
			checkNothingConcluded(t, name, got)
			if !strings.Contains(words(got.err), words(broken)) && !errors.Is(got.err, context.DeadlineExceeded) {
				t.Errorf("the error does not say what the transport did: %v", got.err)
			}
		}
	})
}

func TestNoErrorOfTheLibraryIsTakenFromATransport(t *testing.T) {
	for name, broken := range own {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, wrapped)
				f.broken.Store(&broken)
				_, err := f.client.Get(t.Context(), "/d/k")
				checkNothingConcluded(t, "etcd.Client.Get", outcome{nil, err})
			})
		})
	}
}

// words returns the text of err with single spaces.
func words(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
