package election_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// campaign is a Campaign under way.
type campaign struct {
	cancel context.CancelFunc
	done   chan struct{}
	term   *election.Term
	err    error
}

func begin(t *testing.T, e *election.Election, name string) *campaign {
	ctx, cancel := context.WithCancel(t.Context())
	c := &campaign{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.term, c.err = e.Campaign(ctx, name)
	}()
	t.Cleanup(func() {
		cancel()
		<-c.done
	})
	return c
}

func (c *campaign) won(t *testing.T) *election.Term {
	t.Helper()
	<-c.done
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.term
}

// candidates waits until there are so many.
func candidates(t *testing.T, e *election.Election, n int) []election.Leader {
	t.Helper()
	var found []election.Leader
	live.Eventually(t, "all candidates are there", func() bool {
		found = live.Must[[]election.Leader](t)(e.Candidates(t.Context()))
		return len(found) == n
	})
	return found
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestTermsFollowEachOther(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		e := election.New(s.Client, s.Dir)
		if _, err := e.Leader(t.Context()); !errors.Is(err, election.ErrNoLeader) {
			t.Error(err)
		}
		one := begin(t, e, "one").won(t)
		second := begin(t, e, "two")
		queue := candidates(t, e, 2)
		if queue[0].Name != "one" || queue[1].Name != "two" || one.Name() != "one" {
			t.Errorf("%+v", queue)
		}
		if leader := live.Must[election.Leader](t)(e.Leader(t.Context())); leader.Token != one.Token() || !leader.Elected() {
			t.Errorf("%+v", leader)
		}
		check(t, one.Proclaim(t.Context(), "one, ready"))
		if leader := live.Must[election.Leader](t)(e.Leader(t.Context())); leader.Name != "one, ready" {
			t.Errorf("%+v", leader)
		}
		check(t, one.Resign(t.Context()))
		if cause := context.Cause(one.Context()); !errors.Is(cause, locking.ErrUnlocked) {
			t.Error(cause)
		}
		two := second.won(t)
		if two.Token() <= one.Token() || two.Deadline().IsZero() {
			t.Errorf("token %d after %d, deadline %v", two.Token(), one.Token(), two.Deadline())
		}
		check(t, two.Resign(t.Context()))
		if _, err := s.Client.Get(t.Context(), s.Dir); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Errorf("something is left: %v", err)
		}
	})
}

func TestNameIsTheHostsByDefault(t *testing.T) {
	s := live.Latest(t)
	e := election.New(s.Client, s.Dir)
	term := begin(t, e, "").won(t)
	if host := live.Must[string](t)(os.Hostname()); term.Name() != host {
		t.Errorf("%q, the host is %q", term.Name(), host)
	}
	check(t, e.Remove(t.Context(), ""))
	<-term.Context().Done()
}

func TestRemove(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		e := election.New(s.Client, s.Dir)
		one := begin(t, e, "one").won(t)
		two := begin(t, e, "two")
		candidates(t, e, 2)
		if err := e.Remove(t.Context(), "three"); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Error(err)
		}
		check(t, e.Remove(t.Context(), "one"))
		<-one.Context().Done()
		if cause := context.Cause(one.Context()); !errors.Is(cause, locking.ErrLost) {
			t.Error(cause)
		}
		if err := one.Resign(t.Context()); !errors.Is(err, locking.ErrLost) {
			t.Error(err)
		}
		check(t, two.won(t).Resign(t.Context()))
	})
}

func TestPersistentLeaderIsResumed(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		died := live.Must[*etcd.Client](t)(etcd.New(etcd.Config{Endpoints: []string{s.Endpoint}}))
		before := live.Must[*election.Term](t)(election.New(died, s.Dir, election.WithTTL(0), election.WithIdentity("one")).
			Campaign(t.Context(), "one"))
		if !before.Deadline().IsZero() {
			t.Error("it has a deadline")
		}
		check(t, died.Close())
		e := election.New(s.Client, s.Dir, election.WithTTL(0), election.WithIdentity("one"))
		if leader := live.Must[election.Leader](t)(e.Leader(t.Context())); leader.Name != "one" {
			t.Errorf("%+v", leader)
		}
		again := begin(t, e, "one").won(t)
		if again.Token() != before.Token() {
			t.Errorf("token %d, before %d", again.Token(), before.Token())
		}
		check(t, again.Resign(t.Context()))
	})
}

func TestInvalidOption(t *testing.T) {
	s := live.Latest(t)
	e := election.New(s.Client, s.Dir, election.WithTTL(time.Millisecond))
	if _, err := e.Campaign(t.Context(), "x"); !errors.Is(err, etcd.ErrInvalidArgument) {
		t.Error(err)
	}
	if err := e.Run(t.Context(), "x", nil); !errors.Is(err, etcd.ErrInvalidArgument) {
		t.Error(err)
	}
	for _, err := range e.Observe(t.Context()) {
		if !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Error(err)
		}
	}
}

func TestRunLeadsAgainAfterALoss(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		e := election.New(s.Client, s.Dir)
		failure := errors.New("of the leader")
		var tokens []uint64
		err := e.Run(t.Context(), "one", func(ctx context.Context, term *election.Term) error {
			tokens = append(tokens, term.Token())
			if len(tokens) == 3 {
				return failure
			}
			check(t, e.Remove(t.Context(), "one"))
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), locking.ErrLost) {
				t.Error(context.Cause(ctx))
			}
			return nil
		})
		if !errors.Is(err, failure) || len(tokens) != 3 || tokens[0] >= tokens[1] || tokens[1] >= tokens[2] {
			t.Errorf("%v after terms %v", err, tokens)
		}
		if _, err := e.Leader(t.Context()); !errors.Is(err, election.ErrNoLeader) {
			t.Error(err)
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := live.Latest(t)
	e := election.New(s.Client, s.Dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	err := e.Run(ctx, "one", func(ctx context.Context, _ *election.Term) error {
		cancel(enough)
		<-ctx.Done()
		return nil
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, enough) {
		t.Error(err)
	}
	if _, err := e.Leader(t.Context()); !errors.Is(err, election.ErrNoLeader) {
		t.Error(err)
	}
}
