package cluster

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/fakenet"
)

// slow is a member that takes a second for each request, or as long as it says. It records the requests in the order in which they came,
// and how many were open together.
type slow struct {
	took       time.Duration
	mu         sync.Mutex
	paths      []string
	open, most int
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.paths = append(s.paths, strings.TrimPrefix(r.URL.Path, "/v2/keys/"))
	s.open++
	s.most = max(s.most, s.open)
	s.mu.Unlock()
	select {
	case <-time.After(cmp.Or(s.took, time.Second)):
	case <-r.Context().Done():
	}
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
	text(200, 7, "")(w, r)
}

func (s *slow) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.paths)
}

// limited returns a cluster of a slow member that takes so many calls at once.
func limited(t *testing.T, most int) (*Cluster, *slow) {
	s := &slow{}
	var net fakenet.Network
	return newCluster(t, Config{Endpoints: []string{net.Serve(t, "a", s)}, Dial: net.Dial, MaxInFlight: most}), s
}

func TestCallsWaitInTurn(t *testing.T) {
	for most, took := range map[int]time.Duration{2: 4 * time.Second, 0: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c, s := limited(t, most)
			start := time.Now()
			var calls sync.WaitGroup
			for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
				calls.Go(func() {
					result := c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/"+key, ""))
					check(t, "outcome", result.Outcome, Done)
				})
				synctest.Wait() // it has its turn
			}
			calls.Wait()
			check(t, "time", time.Since(start), took)
			if most > 0 {
				check(t, "open together", s.most, most)
				for i, want := range []string{"12", "34", "56", "78"} { // those of one turn come in any order
					got := slices.Sorted(slices.Values(s.got()[2*i : 2*i+2]))
					check(t, "turn", strings.Join(got, ""), want)
				}
			}
		})
	}
}

// The end of a call that waits its turn does not count against a member.
func TestCallThatWaitsItsTurnEnds(t *testing.T) {
	for name, want := range map[string]error{"deadline": context.DeadlineExceeded, "close": errs.ErrClosed} {
		synctest.Test(t, func(t *testing.T) {
			c, s := limited(t, 1)
			var first sync.WaitGroup
			first.Go(func() { c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/first", "")) })
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if name == "close" {
				time.AfterFunc(400*time.Millisecond, c.Close)
			}
			result := c.Do(ctx, newCall(t, "PUT", "/v2/keys/second", ""))
			check(t, "outcome", result.Outcome, NotSent)
			check(t, "attempts", len(result.Attempts), 0)
			checkIs(t, result.Err, want)
			if !strings.Contains(result.Err.Error(), "not sent, because 1 calls of this client are in flight") {
				t.Error(result.Err)
			}
			check(t, "set aside", c.members.all()[0].health.aside(), false)
			first.Wait()
			synctest.Wait()
			check(t, "requests", s.got(), []string{"first"})
		})
	}
}

// What keeps a key or a watch alive does not wait behind other calls.
func TestRenewalsAndWatchesDoNotWaitForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := limited(t, 1)
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() { c.Do(t.Context(), newCall(t, "PUT", "/v2/keys/k", "")) })
		}
		synctest.Wait()
		start := time.Now()
		for _, waits := range []bool{false, true} {
			call := newCall(t, "GET", "/v2/keys/r", "")
			call.Vital, call.Wait = !waits, waits
			result := c.Do(t.Context(), call)
			check(t, "outcome", result.Outcome, Done)
			if waits {
				result.Open.Close()
			}
		}
		check(t, "time", time.Since(start), 2*time.Second)
		check(t, "outcome of a question", c.Ask(t.Context(), c.members.all()[0], stubQuestions{}.Index(), 0).Outcome, Done)
		check(t, "time with a question", time.Since(start), 3*time.Second)
		calls.Wait()
	})
}
