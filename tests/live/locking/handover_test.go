package locking_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

const handOvers = 15 // are counted

// What a hand-over costs does not depend on how many wait: nobody is woken but the next.
func TestHandOverWakesOnlyTheNext(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		few := handOver(t, s, 3, etcd.Config{})
		many := handOver(t, s, 41, etcd.Config{})
		if many > few+0.5 {
			t.Errorf("a hand-over costs %.1f requests with 3 in line, and %.1f with 41", few, many)
		}
	})
}

// handOver lets waiters queue up, each with a client of its own, hands the lock on from one to the next,
// and returns the mean number of requests of one hand-over. Polls are not among them: each watch makes
// new ones from time to time, whatever happens. Who is woken, though, reads the line.
func handOver(t *testing.T, s live.Server, contenders int, config etcd.Config) float64 {
	t.Helper()
	dir := fmt.Sprintf("%s-%d-%v", s.Dir, contenders, config.PulseInterval)
	c := count(t, s, dir)
	config.Endpoints = []string{c.proxy.URL()}
	var attempts []*attempt
	for i := range contenders {
		mutex := locking.NewMutex(live.Connect(t, config), dir, locking.WithTTL(10*time.Minute))
		attempts = append(attempts, begin(t, mutex))
		inLine(t, locking.NewMutex(s.Client, dir), i+1)
	}
	lock := attempts[0].held(t)
	live.Eventually(t, "each watches its key, and all but the first another", func() bool {
		return c.polls.Load() >= int64(2*contenders-1)
	})
	requests, polls, others := c.requests.Load(), c.polls.Load(), c.others.Load()
	var times, puts []time.Duration
	for i := range min(handOvers, contenders-1) {
		began := time.Now()
		unlock(t, lock)
		lock = attempts[i+1].held(t)
		times = append(times, attempts[i+1].at.Sub(began))
		began = time.Now()
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"-put", "x"))
		puts = append(puts, time.Since(began))
	}
	c.settle(t)
	n := float64(len(times))
	per := func(c *atomic.Int64, before int64) float64 { return float64(c.Load()-before) / n }
	cost := per(&c.requests, requests)
	t.Logf("etcd %s, %d in line, pulse %v: %.1f requests a hand-over, besides %.1f polls and %.1f requests of the clients' pulse; median %v, %.1f times a PUT of %v",
		s.Version, contenders, config.PulseInterval, cost, per(&c.polls, polls), per(&c.others, others),
		median(times).Round(10*time.Microsecond), float64(median(times))/float64(median(puts)), median(puts).Round(10*time.Microsecond))
	unlock(t, lock)
	return cost
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// counter counts the requests that go through a proxy.
type counter struct {
	proxy    *faultproxy.Proxy
	requests atomic.Int64 // about the lock
	polls    atomic.Int64 // likewise
	others   atomic.Int64
}

func count(t *testing.T, s live.Server, dir string) *counter {
	t.Helper()
	c := &counter{proxy: faultproxy.New(t, s.Endpoint)}
	c.proxy.Use(func(req *http.Request) faultproxy.Fault {
		switch {
		case !strings.HasPrefix(req.URL.Path, "/v2/keys"+dir):
			c.others.Add(1)
		case req.URL.Query().Has("wait"):
			c.polls.Add(1)
		default:
			c.requests.Add(1)
		}
		return faultproxy.Pass
	})
	return c
}

// settle returns when no more requests about the lock have come for a while.
func (c *counter) settle(t *testing.T) {
	t.Helper()
	last, since := c.requests.Load(), time.Now()
	live.Eventually(t, "no more requests", func() bool {
		if now := c.requests.Load(); now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 200*time.Millisecond
	})
}

// The figures for the note: what a hand-over costs, and how long it takes.
func TestHandOverFigures(t *testing.T) {
	if !long() {
		t.Skip("LOCKING_LONG is not set")
	}
	live.Each(t, func(t *testing.T, s live.Server) {
		for _, pulse := range []time.Duration{0, -1} {
			for _, contenders := range []int{3, 101} {
				handOver(t, s, contenders, etcd.Config{PollTimeout: time.Hour, PulseInterval: pulse})
			}
		}
	})
}
