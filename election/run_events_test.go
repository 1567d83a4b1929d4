package election

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
	"github.com/etcdv2/client/locking"
)

var errEnough = errors.New("enough")

func TestRunResignsAndReturnsWhatLeadReturns(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		err := e.Run(t.Context(), "a", func(ctx context.Context, term *Term) error {
			time.Sleep(5 * time.Minute)
			if ctx.Err() != nil || term.Name() != "a" {
				t.Errorf("%s: %v", term.Name(), context.Cause(ctx))
			}
			return errEnough
		})
		if !errors.Is(err, errEnough) || s.Exists("/e") {
			t.Errorf("Run returned %v", err)
		}
		if err := e.Run(t.Context(), "a", func(context.Context, *Term) error { return nil }); err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

// A term that was lost is followed by another campaign, and the Observer is told.
func TestRunCampaignsAgainWhenATermIsLost(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		events := &fakestore.Recorder{}
		e := New(s.Connect(t, events), "/e", WithTTL(ttl))
		var tokens []uint64
		err := e.Run(t.Context(), "a", func(ctx context.Context, term *Term) error {
			tokens = append(tokens, term.Token())
			if len(tokens) == 3 {
				return errEnough
			}
			time.Sleep(100 * time.Millisecond)
			s.Remove("/e")
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, errEnough) || len(tokens) != 3 {
			t.Errorf("Run returned %v after the terms %v", err, tokens)
		}
		lost := fakestore.Told[TermLost](events)
		if len(lost) != 2 || lost[0].Election != "/e" || lost[0].Token != tokens[0] || !errors.Is(lost[0].Err, locking.ErrLost) {
			t.Errorf("told were %+v", lost)
		}
	})
}

// A gateway that answers by itself after a term does not end Run: the server has the v2 API.
func TestRunOutlivesThePagesOfAGateway(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		terms := 0
		err := New(s.Connect(t), "/e", WithTTL(ttl)).Run(t.Context(), "a", func(ctx context.Context, _ *Term) error {
			if terms++; terms == 2 {
				return errEnough
			}
			s.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Page: true} })
			time.AfterFunc(2*ttl, func() { s.Obey(nil) })
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, errEnough) {
			t.Errorf("Run returned %v after %d terms", err, terms)
		}
	})
}

// ctx's end says why the last campaign failed.
func TestRunEndsWithTheLastReason(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		events := &fakestore.Recorder{}
		e := New(s.Connect(t, events), "/e", WithTTL(ttl))
		s.Obey(func(fakestore.Request) fakestore.Fault { return fakestore.Fault{Status: 503} })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		err := e.Run(ctx, "a", lead)
		var reason *etcd.Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &reason) || reason.StatusCode != 503 {
			t.Errorf("Run returned %v", err)
		}
		failed := fakestore.Told[CampaignFailed](events)
		if len(failed) < 3 || failed[0].Election != "/e" || !etcd.Retryable(failed[0].Err) {
			t.Fatalf("told were %+v", failed)
		}
	})
}

// Campaigns that fail at once come with a growing pause, of ten seconds at most; after a long one they begin
// with a short one again.
func TestRunPauses(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		var times []time.Time
		stop := errors.New("stop")
		err := e.Run(t.Context(), "a", func(ctx context.Context, _ *Term) error {
			times = append(times, time.Now())
			switch len(times) {
			case 12:
				time.Sleep(time.Minute)
			case 14:
				return stop
			}
			s.Remove("/e")
			<-ctx.Done()
			return nil
		})
		if !errors.Is(err, stop) || len(times) != 14 {
			t.Fatalf("Run returned %v after %d terms", err, len(times))
		}
		pause := func(i int) time.Duration { return times[i].Sub(times[i-1]) }
		if pause(1) > time.Second || pause(11) < 5*time.Second || pause(11) > 12*time.Second || pause(12) > 62*time.Second {
			t.Errorf("the pauses are %v, %v and then %v", pause(1), pause(11), pause(12))
		}
	})
}

// When ctx ends, lead's error is joined, and also that the term was lost before.
func TestRunEndsWhileItLeads(t *testing.T) {
	for _, lost := range []bool{false, true} {
		inBubble(t, func(t *testing.T, s *fakestore.Store) {
			e := New(s.Connect(t), "/e", WithTTL(ttl))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := e.Run(ctx, "a", func(leading context.Context, _ *Term) error {
				if lost {
					time.Sleep(time.Second)
					s.Remove("/e")
					<-leading.Done()
				}
				cancel()
				<-leading.Done()
				return errEnough
			})
			if !errors.Is(err, context.Canceled) || !errors.Is(err, errEnough) || errors.Is(err, locking.ErrLost) != lost {
				t.Errorf("Run returned %v", err)
			}
			if s.Exists("/e") {
				t.Error("the term was not resigned")
			}
		})
	}
}

func TestRunResignsWhenLeadPanics(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		defer func() {
			if reason := recover(); reason != "lead" || s.Exists("/e") {
				t.Errorf("it panics with %v", reason)
			}
		}()
		_ = e.Run(t.Context(), "a", func(context.Context, *Term) error { panic("lead") }) // it does not return
	})
}
