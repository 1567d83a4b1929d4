package election_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/election"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
)

// observer collects what one Observe yields.
type observer struct {
	mu   sync.Mutex
	seen []election.Leader
	at   []time.Time
}

// observe lets an observer watch until the test ends.
func observe(t *testing.T, e *election.Election) *observer {
	o := &observer{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for leader, err := range e.Observe(ctx) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			o.mu.Lock()
			o.seen, o.at = append(o.seen, leader), append(o.at, time.Now())
			o.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return o
}

func (o *observer) names() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	for _, leader := range o.seen {
		names = append(names, leader.Name)
	}
	return names
}

// when returns when the observer saw the leader with that token first; the zero time for not yet.
func (o *observer) when(token uint64) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, leader := range o.seen {
		if leader.Token == token {
			return o.at[i]
		}
	}
	return time.Time{}
}

// wantSorted checks that leaders were seen in the order of their terms.
func (o *observer) wantSorted(t *testing.T) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var tokens []uint64
	for _, leader := range o.seen {
		if leader.Elected() {
			tokens = append(tokens, leader.Token)
		}
	}
	if !slices.IsSorted(tokens) {
		t.Errorf("terms seen in the order %v", tokens)
	}
}

func TestObserveTellsEveryChange(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		e := election.New(s.Client, s.Dir)
		o := observe(t, e)
		live.Eventually(t, "no leader is seen", func() bool { return len(o.names()) == 1 })
		one := begin(t, e, "one").won(t)
		second := begin(t, e, "two")
		candidates(t, e, 2)
		check(t, one.Proclaim(t.Context(), "one, ready"))
		check(t, one.Resign(t.Context()))
		check(t, second.won(t).Resign(t.Context()))
		want := []string{"", "one", "one, ready", "two", ""}
		live.Eventually(t, "all is seen", func() bool { return len(o.names()) >= len(want) })
		if names := o.names(); !slices.Equal(names, want) {
			t.Errorf("%q, want %q", names, want)
		}
		o.wantSorted(t)
	})
}

// The member that leads the cluster is killed, the leader of the election dies, and the history is
// cleared meanwhile: 20 observers see the next leader all the same.
func TestObserversSurvive(t *testing.T) {
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		t.Run(string(version), func(t *testing.T) {
			const ttl = 5 * time.Second
			cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)))
			newElection := func() *election.Election {
				return election.New(live.Client(t, cluster.Endpoints()...), "/election", election.WithTTL(ttl))
			}
			var urls []string
			var proxies []*faultproxy.Proxy // in front of the leader's client: its death is that nothing comes from it
			for _, endpoint := range cluster.Endpoints() {
				proxy := faultproxy.New(t, endpoint)
				proxies, urls = append(proxies, proxy), append(urls, proxy.URL())
			}
			leader := begin(t, election.New(live.Client(t, urls...), "/election", election.WithTTL(ttl)), "first").won(t)
			next := begin(t, newElection(), "second")
			candidates(t, newElection(), 2)
			var observers []*observer
			for range 20 {
				observers = append(observers, observe(t, newElection()))
			}
			everybodySees(t, observers, leader.Token())

			killed := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
			check(t, killed.Kill())
			for _, proxy := range proxies {
				proxy.Use(faultproxy.Always(faultproxy.DropRequest))
			}
			died := time.Now()
			now := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
			flood := &witness.Flood{Endpoint: now.URL(), Dir: "/flood", Writers: 10, Sets: 500, Ledger: &witness.Ledger{}}
			check(t, flood.Run(t.Context()))
			second := next.won(t)
			last := everybodySees(t, observers, second.Token())
			t.Logf("etcd %s: seen by all %v after the leader was cut off with up to %v to live", version, last.Sub(died).Round(time.Millisecond), ttl)
			check(t, second.Proclaim(t.Context(), "second, ready"))
			check(t, second.Resign(t.Context()))
			for i, o := range observers {
				live.Eventually(t, fmt.Sprintf("observer %d sees the end", i), func() bool {
					names := o.names()
					return names[len(names)-1] == ""
				})
				o.wantSorted(t)
			}
			<-leader.Context().Done()
			check(t, killed.Restart(t.Context()))
		})
	}
}

// everybodySees waits until all observers have seen a term, and returns when the last did.
func everybodySees(t *testing.T, observers []*observer, token uint64) time.Time {
	t.Helper()
	var last time.Time
	for i, o := range observers {
		live.Eventually(t, fmt.Sprintf("observer %d sees term %d", i, token), func() bool { return !o.when(token).IsZero() })
		if at := o.when(token); at.After(last) {
			last = at
		}
	}
	return last
}
