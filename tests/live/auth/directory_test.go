package auth_test

import (
	"errors"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/locking"
	"github.com/etcdv2/client/tests/internal/live"
)

// below is what a user may do who may do everything below a directory.
var below = etcd.Permissions{Read: []string{"/app/*"}, Write: []string{"/app/*"}}

// Who may do everything below a directory may do with the directory what etcd's own tools can, under the name
// with the slash, and nothing under the one without.
func TestRightsBelowADirectory(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.lockUp(t)
		alice := s.admit(t, "alice", alicePassword, below)
		live.Must[*etcd.Response](t)(alice.Set(t.Context(), "/app/k", "1"))

		calls := map[string]func(dir string) error{
			"Get":           func(dir string) error { return live.Err(alice.Get(t.Context(), dir)) },
			"recursive Get": func(dir string) error { return live.Err(alice.Get(t.Context(), dir, etcd.WithRecursive())) },
			"quorum Get":    func(dir string) error { return live.Err(alice.Get(t.Context(), dir, etcd.WithQuorum())) },
			"Exists":        func(dir string) error { return live.Err(alice.Exists(t.Context(), dir)) },
			"CreateInOrder": func(dir string) error { return live.Err(alice.CreateInOrder(t.Context(), dir, "job")) },
			"Watch": func(dir string) error {
				return live.Err(alice.WatchOnce(t.Context(), dir, etcd.WithRecursive(), etcd.WithAfterIndex(1)))
			},
		}
		for name, call := range calls {
			if err := call("/app/"); err != nil {
				t.Errorf("%s of /app/: %v", name, err)
			}
			if err := call("/app"); !errors.Is(err, etcd.ErrUnauthorized) {
				t.Errorf("%s of /app: %v", name, err)
			}
		}

		s.fails(t, live.Err(alice.Delete(t.Context(), "/app", etcd.WithRecursive())), etcd.ErrUnauthorized)
		live.Must[*etcd.Response](t)(alice.Delete(t.Context(), "app/", etcd.WithRecursive()))
		if live.Must[bool](t)(s.root.Exists(t.Context(), "/app")) {
			t.Error("the directory is there after its deletion")
		}
		live.Must[*etcd.Response](t)(alice.CreateDir(t.Context(), "/app/"))
	})
}

func TestMirrorBelowADirectory(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.lockUp(t)
		alice := s.admit(t, "alice", alicePassword, below)
		live.Must[*etcd.Response](t)(s.root.Set(t.Context(), "/app/k", "1"))
		s.fails(t, live.Err(alice.Mirror(t.Context(), "/app")), etcd.ErrUnauthorized)
		mirror := live.Must[*etcd.Mirror](t)(alice.Mirror(t.Context(), "/app/"))
		defer mirror.Close()
		set := live.Must[*etcd.Response](t)(s.root.Set(t.Context(), "/app/d/l", "2"))
		if err := mirror.WaitIndex(t.Context(), set.Index); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"/app", "/app/", "/app/k", "/app/d", "app/d/l"} {
			if _, ok := mirror.Get(key); !ok {
				t.Errorf("%s is not in the mirror", key)
			}
		}
		if tree := mirror.Snapshot().Node; tree.Key != "/app" || len(tree.Nodes) != 2 {
			t.Errorf("the mirror holds %+v", tree)
		}
	})
}

// A lock, and any value of a writer's own, takes no right outside the directory, even as a client's first
// call; and who may not read can write.
func TestUniqueValuesBelowADirectory(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.lockUp(t)
		alice := s.admit(t, "alice", alicePassword, below)
		lock, err := locking.NewMutex(alice, "/app/lock").Lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.works(t, lock.Unlock(t.Context()))

		bob := s.admit(t, "bob", bobPassword, etcd.Permissions{Write: below.Write})
		live.Must[*etcd.Response](t)(bob.Create(t.Context(), "/app/of-bob", "token", etcd.WithUniqueValue()))
		s.refused(t, bob, "/app/of-bob", "/of-bob")
	})
}

// admit returns a client of a new user with a role of those permissions.
func (s *scene) admit(t *testing.T, name, password string, permissions etcd.Permissions) *etcd.Client {
	t.Helper()
	s.works(t, s.root.Auth().CreateRole(t.Context(), name, permissions))
	s.works(t, s.root.Auth().CreateUser(t.Context(), name, password, name))
	return s.client(t, name, password)
}
