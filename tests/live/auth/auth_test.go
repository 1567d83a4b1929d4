// Package auth_test switches authentication on and off on real servers, with users and roles.
package auth_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestSwitchedOnAndOff(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		enabled := func(client *etcd.Client) bool { return live.Must[bool](t)(client.Auth().Enabled(t.Context())) }
		live.Eventually(t, "without a root it cannot be switched on", func() bool {
			err := s.root.Auth().Enable(t.Context())
			if !errors.Is(err, etcd.ErrNoRootUser) && !errors.Is(err, etcd.ErrAuthNotReady) {
				t.Fatal(err)
			}
			return errors.Is(err, etcd.ErrNoRootUser)
		})
		s.begin(t)
		for range 2 { // the second time it is so already
			s.works(t, s.root.Auth().Enable(t.Context()))
			if !enabled(s.root) || !enabled(s.guest) {
				t.Error("it is off after Enable")
			}
		}
		s.fails(t, s.guest.Auth().Disable(t.Context()), etcd.ErrUnauthorized)
		s.fails(t, s.root.Auth().DeleteUser(t.Context(), "root"), etcd.ErrAuthEnabled)
		for range 2 {
			s.works(t, s.root.Auth().Disable(t.Context()))
			if enabled(s.guest) {
				t.Error("it is on after Disable")
			}
		}
		s.works(t, s.guest.Auth().DeleteUser(t.Context(), "root"))
		s.fails(t, s.guest.Auth().Enable(t.Context()), etcd.ErrNoRootUser)
	})
}

// What users may do follows their roles, and changes with them at once.
func TestRights(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.begin(t)
		auth := s.root.Auth()
		s.works(t, auth.CreateRole(t.Context(), "app", etcd.Permissions{Read: []string{"/app/*"}, Write: []string{"/app/log/*"}}))
		s.works(t, auth.CreateUser(t.Context(), "alice", alicePassword, "app"))
		s.works(t, auth.CreateUser(t.Context(), "bob", bobPassword))
		for _, key := range []string{"/app/k", "/application", "/shared"} {
			live.Must[*etcd.Response](t)(s.guest.Set(t.Context(), key, "1"))
		}
		s.works(t, auth.Enable(t.Context()))
		live.Must[*etcd.Response](t)(s.guest.Set(t.Context(), "/app/k", "2")) // the role guest may do all at first
		s.works(t, auth.RevokePermissions(t.Context(), "guest", etcd.Permissions{Write: []string{"/*"}}))
		s.refused(t, s.guest, "", "/app/k")
		s.may(t, s.guest, "/app/k", "")
		s.works(t, auth.DeleteRole(t.Context(), "guest"))
		s.refused(t, s.guest, "/app/k", "/app/k")

		alice, bob := s.client(t, "alice", alicePassword), s.client(t, "bob", bobPassword)
		s.may(t, s.root, "/shared", "/shared")
		s.may(t, alice, "/app/k", "/app/log/1")
		for _, key := range []string{"/app", "/application", "/shared", "/nothing", "/"} {
			s.refused(t, alice, key, "")
		}
		s.refused(t, alice, "", "/app/k")
		s.refused(t, bob, "/app/k", "/app/log/1")
		s.refused(t, s.client(t, "alice", bobPassword), "/app/k", "/app/log/1")
		s.refused(t, s.client(t, "nobody", bobPassword), "/app/k", "/app/log/1")

		s.works(t, auth.GrantPermissions(t.Context(), "app", etcd.Permissions{Read: []string{"/shared", "/app"}}))
		s.may(t, alice, "/shared", "")
		s.refused(t, alice, "", "/shared")
		_, err := alice.Get(t.Context(), "/app", etcd.WithRecursive())
		s.fails(t, err, etcd.ErrUnauthorized)
		s.works(t, auth.GrantPermissions(t.Context(), "app", etcd.Permissions{Read: []string{"/app*"}}))
		live.Must[*etcd.Response](t)(alice.Get(t.Context(), "/app", etcd.WithRecursive()))
		s.works(t, auth.RevokePermissions(t.Context(), "app", etcd.Permissions{Read: []string{"/shared", "/app*", "/never"}}))
		s.refused(t, alice, "/shared", "")

		s.works(t, auth.GrantRoles(t.Context(), "bob", "app"))
		s.may(t, bob, "/app/k", "/app/log/1")
		s.works(t, auth.RevokeRoles(t.Context(), "bob", "app"))
		s.refused(t, bob, "/app/k", "/app/log/1")

		for _, stranger := range []*etcd.Client{s.guest, alice, bob} {
			s.notRoot(t, stranger)
		}
		live.Must[[]etcd.Member](t)(s.guest.Members(t.Context()))
		live.Must[etcd.SelfStats](t)(s.guest.SelfStats(t.Context()))
		live.Must[[]etcd.MemberHealth](t)(s.guest.Health(t.Context()))
	})
}

// may checks that client can read one key and write the other; an empty one is left out.
func (s *scene) may(t *testing.T, client *etcd.Client, read, write string) {
	t.Helper()
	if read != "" {
		live.Must[*etcd.Response](t)(client.Get(t.Context(), read))
	}
	if write != "" {
		live.Must[*etcd.Response](t)(client.Set(t.Context(), write, "1"))
	}
}

// refused checks that client can neither read one key nor write the other; an empty one is left out.
func (s *scene) refused(t *testing.T, client *etcd.Client, read, write string) {
	t.Helper()
	if read != "" {
		_, err := client.Get(t.Context(), read)
		s.fails(t, err, etcd.ErrUnauthorized)
	}
	if write != "" {
		_, err := client.Set(t.Context(), write, "1")
		s.fails(t, err, etcd.ErrUnauthorized)
	}
}

// notRoot checks that client can change nothing about members, users and roles.
func (s *scene) notRoot(t *testing.T, client *etcd.Client) {
	t.Helper()
	auth := client.Auth()
	_, users := auth.Users(t.Context())
	_, user := auth.User(t.Context(), "alice")
	_, roles := auth.Roles(t.Context())
	_, role := auth.Role(t.Context(), "app")
	_, added := client.AddMember(t.Context(), "http://127.0.0.1:1")
	for _, err := range []error{
		users, user, roles, role, added,
		client.RemoveMember(t.Context(), "deadbeef"),
		client.UpdateMember(t.Context(), "deadbeef", "http://127.0.0.1:1"),
		auth.Disable(t.Context()),
		auth.CreateUser(t.Context(), "carol", bobPassword),
		auth.CreateUser(t.Context(), "carol", bobPassword, "app"),
		auth.ChangePassword(t.Context(), "alice", bobPassword),
		auth.GrantRoles(t.Context(), "alice", "root"),
		auth.RevokeRoles(t.Context(), "alice", "app"),
		auth.DeleteUser(t.Context(), "alice"),
		auth.CreateRole(t.Context(), "new", etcd.Permissions{}),
		auth.GrantPermissions(t.Context(), "app", etcd.Permissions{Read: []string{"/*"}}),
		auth.RevokePermissions(t.Context(), "app", etcd.Permissions{Read: []string{"/app/*"}}),
		auth.DeleteRole(t.Context(), "app"),
	} {
		s.fails(t, err, etcd.ErrUnauthorized)
	}
}

func TestPasswordChange(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.lockUp(t)
		s.works(t, s.root.Auth().CreateRole(t.Context(), "app", etcd.Permissions{Read: []string{"/"}}))
		s.works(t, s.root.Auth().CreateUser(t.Context(), "alice", alicePassword, "app"))
		longest := "alice-s3cret-" + string(slices.Repeat([]byte{'2'}, 59)) // 72 bytes
		old, renewed := s.client(t, "alice", alicePassword), s.client(t, "alice", longest)
		s.may(t, old, "/", "")
		s.works(t, s.root.Auth().ChangePassword(t.Context(), "alice", longest))
		s.refused(t, old, "/", "")
		s.may(t, renewed, "/", "")
		if user := live.Must[etcd.User](t)(s.root.Auth().User(t.Context(), "alice")); !slices.Equal(user.Roles, []string{"app"}) {
			t.Errorf("the user is %+v now", user)
		}

		s.fails(t, s.root.Auth().ChangePassword(t.Context(), "nobody", bobPassword), etcd.ErrUserNotFound)
		_, err := s.root.Auth().User(t.Context(), "nobody")
		s.fails(t, err, etcd.ErrUserNotFound)

		const renewedRoot = "root-s3cret-2"
		s.works(t, s.root.Auth().ChangePassword(t.Context(), "root", renewedRoot))
		_, err = s.root.Auth().Users(t.Context())
		s.fails(t, err, etcd.ErrUnauthorized)
		s.works(t, s.client(t, "root", renewedRoot).Auth().Disable(t.Context()))
	})
}

// A creation never touches a user or role that exists.
func TestCreationsConflict(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.lockUp(t)
		auth := s.root.Auth()
		permissions := etcd.Permissions{Read: []string{"/"}}
		s.works(t, auth.CreateRole(t.Context(), "app", permissions))
		s.fails(t, auth.CreateRole(t.Context(), "app", etcd.Permissions{}), etcd.ErrRoleExists)
		if role := live.Must[etcd.Role](t)(auth.Role(t.Context(), "app")); !slices.Equal(role.Permissions.Read, permissions.Read) {
			t.Errorf("the role is %+v", role)
		}
		s.works(t, auth.CreateUser(t.Context(), "alice", alicePassword, "app"))
		s.fails(t, auth.CreateUser(t.Context(), "alice", bobPassword), etcd.ErrUserExists)
		s.fails(t, auth.CreateUser(t.Context(), "alice", bobPassword, "root"), etcd.ErrUserExists)
		s.fails(t, auth.CreateUser(t.Context(), "root", bobPassword), etcd.ErrUserExists)
		s.may(t, s.client(t, "alice", alicePassword), "/", "")
		s.may(t, s.root, "/", "")
	})
}

func TestGrantsAndRevocations(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		s.begin(t)
		auth := s.root.Auth()
		read := func(patterns ...string) etcd.Permissions { return etcd.Permissions{Read: patterns} }
		s.works(t, auth.CreateRole(t.Context(), "app", read("/a")))
		s.fails(t, auth.GrantPermissions(t.Context(), "app", read("/b", "/a")), etcd.ErrAlreadyGranted)
		s.fails(t, auth.RevokePermissions(t.Context(), "app", read("/b")), etcd.ErrNotGranted)
		s.fails(t, auth.GrantPermissions(t.Context(), "none", read("/b")), etcd.ErrRoleNotFound)
		s.fails(t, auth.RevokePermissions(t.Context(), "none", read("/b")), etcd.ErrRoleNotFound)
		if role := live.Must[etcd.Role](t)(auth.Role(t.Context(), "app")); !slices.Equal(role.Permissions.Read, []string{"/a"}) {
			t.Errorf("the role is %+v", role)
		}

		s.works(t, auth.CreateUser(t.Context(), "alice", alicePassword))
		s.fails(t, auth.RevokeRoles(t.Context(), "alice", "app"), etcd.ErrNotGranted)
		s.works(t, auth.GrantRoles(t.Context(), "alice", "app"))
		s.fails(t, auth.GrantRoles(t.Context(), "alice", "root", "app"), etcd.ErrAlreadyGranted)
		s.fails(t, auth.GrantRoles(t.Context(), "nobody", "app"), etcd.ErrUserNotFound)
		s.fails(t, auth.RevokeRoles(t.Context(), "nobody", "app"), etcd.ErrUserNotFound)

		// A role that does not exist is granted all the same.
		s.works(t, auth.GrantRoles(t.Context(), "alice", "missing"))
		_, err := auth.User(t.Context(), "alice")
		s.fails(t, err, etcd.ErrRoleNotFound)
		s.fails(t, auth.CreateUser(t.Context(), "alice", bobPassword), etcd.ErrUserExists)
		s.works(t, auth.RevokeRoles(t.Context(), "alice", "missing"))

		s.works(t, auth.RevokeRoles(t.Context(), "root", "root"))
		if user := live.Must[etcd.User](t)(auth.User(t.Context(), "root")); !slices.Equal(user.Roles, []string{"root"}) {
			t.Errorf("root is %+v", user)
		}
	})
}

func TestListsAndDeletions(t *testing.T) {
	eachVersion(t, func(t *testing.T, s *scene) {
		live.Eventually(t, "authentication is ready", func() bool {
			users, err := s.root.Auth().Users(t.Context())
			return err == nil && len(users) == 0
		})
		s.begin(t)
		auth := s.root.Auth()
		app := etcd.Permissions{Read: []string{"/app/*", "/ü"}, Write: []string{"/app/log/*"}}
		s.works(t, auth.CreateRole(t.Context(), "app", app))
		s.works(t, auth.CreateRole(t.Context(), "a b?#%ü", etcd.Permissions{}))
		s.works(t, auth.CreateUser(t.Context(), "alice", alicePassword, "app", "a b?#%ü"))
		s.works(t, auth.CreateUser(t.Context(), "b o?#%ü&+", bobPassword))
		all := etcd.Permissions{Read: []string{"/*"}, Write: []string{"/*"}}
		wantRoles := []etcd.Role{{Name: "a b?#%ü"}, {Name: "app", Permissions: app}, {Name: "root", Permissions: all}}
		wantUsers := []etcd.User{
			{Name: "alice", Roles: []string{"a b?#%ü", "app"}}, {Name: "b o?#%ü&+"}, {Name: "root", Roles: []string{"root"}},
		}
		roles := live.Must[[]etcd.Role](t)(auth.Roles(t.Context()))
		users := live.Must[[]etcd.User](t)(auth.Users(t.Context()))
		if !reflect.DeepEqual(roles, wantRoles) || !reflect.DeepEqual(users, wantUsers) {
			t.Errorf("lists are\n%+v\n%+v", roles, users)
		}
		for i, want := range wantUsers {
			if user := live.Must[etcd.User](t)(auth.User(t.Context(), want.Name)); !reflect.DeepEqual(user, users[i]) {
				t.Errorf("alone it is %+v", user)
			}
		}

		s.works(t, auth.DeleteUser(t.Context(), "b o?#%ü&+"))
		s.fails(t, auth.DeleteUser(t.Context(), "b o?#%ü&+"), etcd.ErrUserNotFound)
		_, err := auth.User(t.Context(), "b o?#%ü&+")
		s.fails(t, err, etcd.ErrUserNotFound)
		s.works(t, auth.RevokeRoles(t.Context(), "alice", "a b?#%ü"))
		s.works(t, auth.DeleteRole(t.Context(), "a b?#%ü"))
		s.fails(t, auth.DeleteRole(t.Context(), "a b?#%ü"), etcd.ErrRoleNotFound)
		_, err = auth.Role(t.Context(), "a b?#%ü")
		s.fails(t, err, etcd.ErrRoleNotFound)
	})
}
