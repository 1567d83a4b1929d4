package auth_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// What runs goes on with a password that is changed on the server first and then in the client.
func TestRenewedPasswordLosesNoLockAndNoWatch(t *testing.T) {
	onVersions(t, live.Kinds(t), func(t *testing.T, s *scene) { // comparing passwords takes half a minute of CPU time
		s.lockUp(t)
		s.admit(t, "alice", alicePassword, below)
		seen := &attempts{next: s.heard}
		alice := live.Connect(t, etcd.Config{
			Endpoints: []string{s.endpoint}, Username: "alice", Password: alicePassword, Observer: seen,
		})
		write := func(value string) *etcd.Response {
			return live.Must[*etcd.Response](t)(s.root.Set(t.Context(), "/app/d/k", value))
		}
		// Comparing a password takes long on a busy machine, and a renewal has a third of the TTL.
		const ttl = 10 * time.Second
		lock := live.Must[*locking.Lock](t)(locking.NewMutex(alice, "/app/lock", locking.WithTTL(ttl)).Lock(t.Context()))
		mirror := live.Must[*etcd.Mirror](t)(alice.Mirror(t.Context(), "/app/d/"))
		defer mirror.Close()
		next, stop := iter.Pull2(alice.Watch(t.Context(), "/app/d/", etcd.WithRecursive(), etcd.WithAfterResponse(write("0"))))
		defer stop()
		delivered := func(want string) {
			t.Helper()
			event, err, _ := next()
			if err != nil || event.Node.Value != want {
				t.Fatalf("got %v, %v, want %q", event, err, want)
			}
		}
		first := write("1")
		delivered("1")
		s.works(t, mirror.WaitIndex(t.Context(), first.Index))

		const renewed = "alice-s3cret-2"
		s.works(t, s.root.Auth().ChangePassword(t.Context(), "alice", renewed))
		write("2") // answers polls that are open, and the next ones are refused
		held := func() {
			t.Helper()
			if lock.Context().Err() != nil {
				t.Fatal(context.Cause(lock.Context()))
			}
		}
		live.Eventually(t, "the watch and a renewal are refused", func() bool {
			held()
			return seen.count("GET", "/app/d", etcd.ErrUnauthorized) > 0 && seen.count("PUT", "/app/lock/", etcd.ErrUnauthorized) > 0
		})
		s.fails(t, alice.SetCredentials("alice:", renewed), etcd.ErrInvalidArgument)
		s.refused(t, alice, "/app/d/k", "")
		s.works(t, alice.SetCredentials("alice", renewed))
		s.may(t, alice, "/app/d/k", "")

		before, changed := seen.count("PUT", "/app/lock/", nil), time.Now()
		live.Eventually(t, "the lock has been renewed for two TTLs", func() bool {
			held()
			return time.Since(changed) > 2*ttl && seen.count("PUT", "/app/lock/", nil) > before+1
		})
		delivered("2")
		third := write("3")
		delivered("3")
		s.works(t, mirror.WaitIndex(t.Context(), third.Index))
		s.works(t, lock.Unlock(t.Context()))
	})
}

// attempts counts requests by how they came out.
type attempts struct {
	next etcd.Observer

	mu   sync.Mutex
	made []etcd.AttemptEnded
}

func (a *attempts) Observe(event etcd.Event) {
	a.next.Observe(event)
	if ended, ok := event.(etcd.AttemptEnded); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.made = append(a.made, ended)
	}
}

// count returns how many requests with that method, on keys that begin with prefix, came out with err.
func (a *attempts) count(method, prefix string, err error) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, attempt := range a.made {
		if attempt.Method == method && strings.HasPrefix(attempt.Path, "/v2/keys"+prefix) && errors.Is(attempt.Err, err) {
			n++
		}
	}
	return n
}
