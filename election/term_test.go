package election

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/fakestore"
	"github.com/etcdv2/client/locking"
)

const ttl = 30 * time.Second

// inBubble runs a test in virtual time, with a store of its own.
func inBubble(t *testing.T, test func(t *testing.T, s *fakestore.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, fakestore.New(t)) })
}

// campaign elects a candidate at once.
func campaign(t *testing.T, e *Election, name string) *Term {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	term, err := e.Campaign(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	return term
}

func TestTermsFollowEachOther(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		_, err := e.Leader(t.Context())
		if !errors.Is(err, ErrNoLeader) {
			t.Errorf("the error is %v", err)
		}
		first := campaign(t, e, "a")
		elected := make(chan *Term)
		go func() { elected <- campaign(t, New(s.Connect(t), "/e", WithTTL(ttl)), "b") }()
		time.Sleep(20 * time.Second)
		if err := first.Proclaim(t.Context(), "a proclaims"); err != nil {
			t.Error(err)
		}
		leader, err := e.Leader(t.Context())
		if want := (Leader{"a proclaims", first.Token(), leader.Key}); err != nil || leader != want || first.Name() != want.Name {
			t.Errorf("the leader is %+v, %v", leader, err)
		}
		candidates, err := e.Candidates(t.Context())
		if err != nil || len(candidates) != 2 || candidates[0] != leader || candidates[1].Name != "b" {
			t.Errorf("the candidates are %+v, %v", candidates, err)
		}
		if left := time.Until(first.Deadline()); left != ttl {
			t.Errorf("the term lasts for %v", left)
		}
		if err := first.Resign(t.Context()); err != nil {
			t.Error(err)
		}
		second := <-elected
		if second.Token() <= first.Token() || second.Name() != "b" || second.Context().Err() != nil {
			t.Errorf("%s leads with token %d", second.Name(), second.Token())
		}
		if err := second.Resign(t.Context()); err != nil || s.Exists("/e") {
			t.Errorf("the election is left, %v", err)
		}
	})
}

func TestRemoveTakesAllOfANameOut(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		if err := e.Remove(t.Context(), "a"); !errors.Is(err, etcd.ErrKeyNotFound) {
			t.Errorf("the error is %v", err)
		}
		term := campaign(t, e, "a")
		s.Put("/e/other", `{"value":"b","id":"other"}`, 0)
		s.Put("/e/same", `{"value":"a","id":"same"}`, 0)
		if err := e.Remove(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		if keys := s.Keys("/e"); len(keys) != 1 || keys[0].Name != "/e/other" {
			t.Errorf("the keys are %v", keys)
		}
		<-term.Context().Done()
		if cause := context.Cause(term.Context()); !errors.Is(cause, locking.ErrLost) {
			t.Errorf("the cause is %v", cause)
		}
	})
}

func TestPersistentLeaderIsResumed(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		client := s.Connect(t)
		first := campaign(t, New(client, "/e", WithTTL(0), WithIdentity("db")), "a")
		if !first.Deadline().IsZero() {
			t.Errorf("the term lasts until %v", first.Deadline())
		}
		client.Close()
		time.Sleep(10 * time.Minute)
		second := campaign(t, New(s.Connect(t), "/e", WithTTL(0), WithIdentity("db")), "a")
		if second.Token() != first.Token() {
			t.Errorf("token %d follows %d", second.Token(), first.Token())
		}
		if err := second.Resign(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestLeaderKeyIsOneKey(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl), WithSingleKey())
		term := campaign(t, e, "a")
		if keys := s.Keys("/e"); len(keys) != 1 || keys[0].Name != "/e" || keys[0].Value != "a" {
			t.Errorf("the keys are %v", keys)
		}
		if err := term.Proclaim(t.Context(), "x"); !errors.Is(err, etcd.ErrInvalidArgument) {
			t.Errorf("the error is %v", err)
		}
		if err := term.Resign(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestObserveTellsLeaders(t *testing.T) {
	inBubble(t, func(t *testing.T, s *fakestore.Store) {
		e := New(s.Connect(t), "/e", WithTTL(ttl))
		var seen []string
		go func() {
			time.Sleep(time.Second)
			_ = campaign(t, e, "a").Resign(t.Context()) // what is left is seen below
		}()
		for leader, err := range e.Observe(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if leader.Elected() != (leader.Token != 0) {
				t.Errorf("the leader is %+v", leader)
			}
			if seen = append(seen, leader.Name); len(seen) == 3 {
				break
			}
		}
		if !slices.Equal(seen, []string{"", "a", ""}) {
			t.Errorf("seen was %q", seen)
		}
	})
}
