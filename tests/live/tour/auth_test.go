package tour_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

var authStops = []stop{{"Client.Auth Client.SetCredentials Auth.Enabled Auth.CreateRole Auth.GrantPermissions Auth.RevokePermissions Auth.Role Auth.Roles " +
	"Auth.CreateUser Auth.GrantRoles Auth.RevokeRoles Auth.ChangePassword Auth.User Auth.Users Auth.Enable Auth.Disable " +
	"Auth.DeleteUser Auth.DeleteRole", authentication}}

// authentication calls everything once, on servers that have none of it too; there each call says so.
func authentication(t *testing.T, v visit) {
	ctx := t.Context()
	root := live.Connect(t, etcd.Config{Endpoints: []string{v.endpoint}, Username: "root", Password: "root-s3cret"})
	auth := root.Auth()
	live.Eventually(t, "authentication is ready", func() bool {
		return !errors.Is(auth.CreateUser(ctx, "root", "root-s3cret"), etcd.ErrAuthNotReady)
	})
	pattern := func(key string) etcd.Permissions { return etcd.Permissions{Read: []string{key}, Write: []string{key}} }
	calls := []struct {
		name string
		call func() error
	}{
		{"CreateRole", func() error { return auth.CreateRole(ctx, "app", pattern("/app/*")) }},
		{"GrantPermissions", func() error { return auth.GrantPermissions(ctx, "app", pattern("/b")) }},
		{"RevokePermissions", func() error { return auth.RevokePermissions(ctx, "app", pattern("/b")) }},
		{"CreateUser", func() error { return auth.CreateUser(ctx, "alice", "alice-s3cret") }},
		{"GrantRoles", func() error { return auth.GrantRoles(ctx, "alice", "app") }},
		{"Enable", func() error { return auth.Enable(ctx) }},
		{"DeleteRole", func() error { return auth.DeleteRole(ctx, "guest") }},
		{"ChangePassword", func() error { return auth.ChangePassword(ctx, "alice", "alice-s3cret-2") }},
		{"Enabled", func() error { return live.Err(auth.Enabled(ctx)) }},
		{"Role", func() error { return live.Err(auth.Role(ctx, "app")) }},
		{"Roles", func() error { return live.Err(auth.Roles(ctx)) }},
		{"User", func() error { return live.Err(auth.User(ctx, "alice")) }},
		{"Users", func() error { return live.Err(auth.Users(ctx)) }},
	}
	for _, c := range calls {
		if err := c.call(); !errors.Is(err, v.server.auth) {
			t.Errorf("%s: got %v, want %v", c.name, err, v.server.auth)
		}
	}
	if v.server.auth == nil {
		locked(t, v, auth)
	}
	fails(t, auth.RevokeRoles(ctx, "alice", "app"), v.server.auth)
	fails(t, auth.Disable(ctx), v.server.auth)
	fails(t, auth.DeleteUser(ctx, "alice"), v.server.auth)
}

// locked looks around while authentication is on.
func locked(t *testing.T, v visit, auth *etcd.Auth) {
	ctx := t.Context()
	role := live.Must[etcd.Role](t)(auth.Role(ctx, "app"))
	user := live.Must[etcd.User](t)(auth.User(ctx, "alice"))
	if !slices.Equal(role.Permissions.Read, []string{"/app/*"}) || !slices.Equal(user.Roles, []string{"app"}) {
		t.Errorf("%+v has %+v", user, role)
	}
	if roles := live.Must[[]etcd.Role](t)(auth.Roles(ctx)); len(roles) != 2 { // root is the other
		t.Errorf("roles %+v", roles)
	}
	if users := live.Must[[]etcd.User](t)(auth.Users(ctx)); len(users) != 2 {
		t.Errorf("users %+v", users)
	}
	if !live.Must[bool](t)(v.client.Auth().Enabled(ctx)) {
		t.Error("it is off")
	}
	alice := live.Connect(t, etcd.Config{Endpoints: []string{v.endpoint}, Username: "alice", Password: "alice-s3cret-2"})
	must(t)(alice.Set(ctx, "/app/a", "1"))
	_, err := alice.Get(ctx, "/other")
	fails(t, err, etcd.ErrUnauthorized)
	fails(t, alice.SetCredentials("root", "root-s3cret"), nil)
	must(t)(alice.Get(ctx, "/"))
	_, err = v.client.Get(ctx, "/app/a")
	fails(t, err, etcd.ErrUnauthorized)
	fails(t, v.client.Auth().Disable(ctx), etcd.ErrUnauthorized)
}
