package locking_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/faultproxy"
	"github.com/etcdv2/client/tests/internal/live"
)

// saboteur does something at the n-th request about a directory, and notes them all.
type saboteur struct {
	dir string

	mu   sync.Mutex
	seen []string
	at   int // 0 for never
	do   func() faultproxy.Fault
}

func (s *saboteur) plan(req *http.Request) faultproxy.Fault {
	if !strings.HasPrefix(req.URL.Path, "/v2/keys"+s.dir) {
		return faultproxy.Pass
	}
	s.mu.Lock()
	s.seen = append(s.seen, req.Method+" "+req.URL.RawQuery)
	now := len(s.seen) == s.at
	s.mu.Unlock()
	if now {
		return s.do()
	}
	return faultproxy.Pass
}

func (s *saboteur) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// How the request fares at which the caller gives up.
var endings = map[string]faultproxy.Fault{
	"passes":             faultproxy.Pass,
	"never arrives":      faultproxy.DropRequest,
	"its reply is lost":  faultproxy.DropReply,
	"arrives afterwards": faultproxy.Delay(30*time.Millisecond, faultproxy.DropReply),
}

// scenario is one way to lock; settle is called when the contender is under way.
type scenario struct {
	lock   func(ctx context.Context, client *etcd.Client, dir string) (*locking.Lock, error)
	dir    func(dir string) string
	before func(t *testing.T, client *etcd.Client, dir string) (settle func(done chan struct{}))
}

func mutexWith(opts ...locking.Option) func(context.Context, *etcd.Client, string) (*locking.Lock, error) {
	return func(ctx context.Context, client *etcd.Client, dir string) (*locking.Lock, error) {
		return locking.NewMutex(client, dir, opts...).Lock(ctx)
	}
}

// behind makes the contender wait for one that another client has.
func behind(t *testing.T, client *etcd.Client, dir string) (settle func(chan struct{})) {
	mutex := locking.NewMutex(client, dir)
	holder := begin(t, mutex).held(t)
	return func(done chan struct{}) {
		live.Eventually(t, "in line, or out of it", func() bool {
			select {
			case <-done:
				return true
			default:
				return len(live.Must[[]locking.Contender](t)(mutex.Queue(t.Context()))) > 1
			}
		})
		unlock(t, holder)
	}
}

func asIs(dir string) string { return dir }

func free(*testing.T, *etcd.Client, string) func(chan struct{}) { return func(chan struct{}) {} }

var scenarios = map[string]scenario{
	"free":        {lock: mutexWith(), dir: asIs, before: free},
	"waiting":     {lock: mutexWith(), dir: asIs, before: behind},
	"without TTL": {lock: mutexWith(locking.WithoutTTL()), dir: asIs, before: free},
	"Python": {
		lock: func(ctx context.Context, client *etcd.Client, dir string) (*locking.Lock, error) {
			return locking.NewMutex(client, dir, locking.WithPythonLayout()).Lock(ctx)
		},
		dir: func(dir string) string { return "/_locks" + dir }, before: free,
	},
	"semaphore": {
		lock: func(ctx context.Context, client *etcd.Client, dir string) (*locking.Lock, error) {
			return locking.NewSemaphore(client, dir, 2).Lock(ctx)
		}, dir: asIs, before: free,
	},
	"try": {
		lock: func(ctx context.Context, client *etcd.Client, dir string) (*locking.Lock, error) {
			return locking.NewMutex(client, dir).TryLock(ctx)
		}, dir: asIs, before: free,
	},
}

// However the caller gives up, and at whichever request, no key stays behind.
func TestCancelAtEachRequest(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for name, sc := range scenarios {
			for ending, fault := range endings {
				t.Run(name+", "+ending, func(t *testing.T) {
					t.Parallel()
					n := 0
					for reached := true; reached; {
						n++
						reached = cancelAt(t, s, sc, fmt.Sprintf("%s-%s-%s-%d", s.Dir, name, ending, n), n, fault)
					}
					if n < 3 {
						t.Errorf("only %d requests", n-1)
					}
				})
			}
		}
	})
}

// cancelAt locks, gives up at the n-th request, and reports whether there was one.
func cancelAt(t *testing.T, s live.Server, sc scenario, name string, n int, fault faultproxy.Fault) (reached bool) {
	name = strings.ReplaceAll(name, " ", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	saboteur := &saboteur{dir: sc.dir(name), at: n, do: func() faultproxy.Fault {
		cancel()
		return fault
	}}
	proxy := faultproxy.New(t, s.Endpoint)
	proxy.Use(saboteur.plan)
	settle := sc.before(t, s.Client, name)
	client := live.Client(t, proxy.URL())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if lock, err := sc.lock(ctx, client, name); err == nil {
			check(t, lock.Unlock(t.Context()))
		}
	}()
	settle(done)
	<-done
	s.Dir = sc.dir(name)
	live.Eventually(t, fmt.Sprintf("nothing is left after request %d of %v", n, saboteur.requests()), func() bool {
		_, err := s.Client.Get(t.Context(), s.Dir, etcd.WithQuorum())
		return err != nil
	})
	wantGone(t, s)
	return len(saboteur.requests()) >= n
}
