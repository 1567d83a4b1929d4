package etcd

import (
	"context"
	"testing"
)

func TestRolesInBothShapes(t *testing.T) {
	want := []Role{{Name: "r", Permissions: Permissions{Read: []string{"/a", "/b/*"}}}, {Name: "root", Permissions: Permissions{Write: []string{"/*"}}}}
	const r, root = `{"role":"r","permissions":{"kv":{"read":["/b/*","/a"],"write":null}}}`, `{"role":"root","permissions":{"kv":{"read":[],"write":["/*"]}}}`
	for name, replies := range map[string][]string{
		"2.3 and later": {`{"roles":[` + r + `,` + root + `]}`},
		"2.1 and 2.2":   {`{"roles":["r","root"]}`, r, root},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, text(200, replies[0]))
			for _, reply := range replies[1:] {
				s.replies = append(s.replies, text(200, reply))
			}
			got, err := connect(t, s.url).Auth().Roles(t.Context())
			check(t, "error", err, nil)
			check(t, "roles", got, want)
			requests := []string{"GET /v2/auth/roles", "GET /v2/auth/roles/r", "GET /v2/auth/roles/root"}
			check(t, "requests", s.got(), requests[:len(replies)])
		})
	}
	for _, other := range []string{"", "{}", "[]", "<html>", `{"roles":7}`, `{"roles":[7]}`} {
		_, err := connect(t, serve(t, text(200, other)).url).Auth().Roles(t.Context())
		check(t, other, status(err), 200)
	}
	for _, other := range []string{"", "{}", "<html>", `{"role":"other","permissions":{}}`} {
		_, err := connect(t, serve(t, text(200, other)).url).Auth().Role(t.Context(), "r")
		check(t, other, status(err), 200)
	}
}

func TestRoleDeletedWhileListed(t *testing.T) {
	s := serve(t, text(200, `{"roles":["a","b"]}`), said(404, "auth: Role a does not exist."), text(200, `{"role":"b","permissions":{"kv":{}}}`))
	got, err := connect(t, s.url).Auth().Roles(t.Context())
	check(t, "error", err, nil)
	check(t, "roles", got, []Role{{Name: "b"}})

	s = serve(t, text(200, `{"roles":["a","b"]}`), said(401, "Insufficient credentials"))
	_, err = connect(t, s.url).Auth().Roles(t.Context())
	checkIs(t, err, ErrUnauthorized)
}

func TestChangesOfRolesOnTheWire(t *testing.T) {
	s := serve(t, text(201, `{"role":"r","permissions":{"kv":{"read":[],"write":[]}}}`))
	auth := connect(t, s.url).Auth()
	check(t, "create", auth.CreateRole(t.Context(), "r", Permissions{}), nil)
	check(t, "create", auth.CreateRole(t.Context(), "r", Permissions{Read: []string{"/a", "*"}, Write: []string{"/*"}}), nil)
	check(t, "grant", auth.GrantPermissions(t.Context(), "r", Permissions{Write: []string{"/b"}}), nil)
	// Others can have put in what would be refused here; it can be taken out.
	check(t, "revoke", auth.RevokePermissions(t.Context(), "r", Permissions{Read: []string{"", "b"}}), nil)
	check(t, "requests", s.got(), []string{
		`PUT /v2/auth/roles/r {"permissions":{"kv":{"read":[],"write":[]}},"role":"r"}`,
		`PUT /v2/auth/roles/r {"permissions":{"kv":{"read":["/a","*"],"write":["/*"]}},"role":"r"}`,
		`PUT /v2/auth/roles/r {"grant":{"kv":{"read":[],"write":["/b"]}},"role":"r"}`,
		`PUT /v2/auth/roles/r {"revoke":{"kv":{"read":["","b"],"write":[]}},"role":"r"}`,
	})
	s = serve(t, text(200, ""))
	check(t, "delete", connect(t, s.url).Auth().DeleteRole(t.Context(), "a b%"), nil)
	check(t, "requests", s.got(), []string{"DELETE /v2/auth/roles/a%20b%25"})
}

func TestRolesThatEtcdWouldMisreadSendNothing(t *testing.T) {
	type C = *Client
	some := Permissions{Read: []string{"/a"}}
	calls := unsendable{}
	for _, name := range []string{"", ".", "..", "a/b", "\xff", "root"} {
		calls["create: "+name] = func(ctx context.Context, c C) error { return c.Auth().CreateRole(ctx, name, some) }
		calls["grant: "+name] = func(ctx context.Context, c C) error { return c.Auth().GrantPermissions(ctx, name, some) }
		calls["revoke: "+name] = func(ctx context.Context, c C) error { return c.Auth().RevokePermissions(ctx, name, some) }
		calls["delete: "+name] = func(ctx context.Context, c C) error { return c.Auth().DeleteRole(ctx, name) }
		if name != "root" {
			calls["role: "+name] = func(ctx context.Context, c C) error { _, err := c.Auth().Role(ctx, name); return err }
		}
	}
	for _, pattern := range []string{"", "a", "a/*", "**", "/\xff"} {
		bad := Permissions{Read: []string{"/a"}, Write: []string{"/b", pattern}}
		calls["create, pattern: "+pattern] = func(ctx context.Context, c C) error { return c.Auth().CreateRole(ctx, "r", bad) }
		calls["grant, pattern: "+pattern] = func(ctx context.Context, c C) error { return c.Auth().GrantPermissions(ctx, "r", bad) }
	}
	calls["grant: nothing"] = func(ctx context.Context, c C) error { return c.Auth().GrantPermissions(ctx, "r", Permissions{}) }
	calls["revoke: nothing"] = func(ctx context.Context, c C) error { return c.Auth().RevokePermissions(ctx, "r", Permissions{}) }
	calls.check(t)
}
