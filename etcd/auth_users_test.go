package etcd

import (
	"context"
	"strings"
	"testing"
)

func TestUsersInBothShapes(t *testing.T) {
	want := []User{{Name: "a", Roles: []string{"r1", "r2"}}, {Name: "b"}}
	for name, replies := range map[string][]string{
		"2.3 and later": {`{"users":[{"user":"a","roles":[{"role":"r2","permissions":{"kv":{"read":null,"write":null}}},` +
			`{"role":"r1","permissions":{"kv":{"read":["/*"],"write":[]}}}]},{"user":"b"}]}`},
		"2.1 and 2.2": {`{"users":["a","b"]}`, `{"user":"a","roles":["r2","r1"]}`, `{"user":"b","roles":null}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, text(200, replies[0]))
			for _, reply := range replies[1:] {
				s.replies = append(s.replies, text(200, reply))
			}
			got, err := connect(t, s.url).Auth().Users(t.Context())
			check(t, "error", err, nil)
			check(t, "users", got, want)
			requests := []string{"GET /v2/auth/users", "GET /v2/auth/users/a", "GET /v2/auth/users/b"}
			check(t, "requests", s.got(), requests[:len(replies)])
		})
	}
	for _, none := range []string{`{"users":null}`, `{"users":[]}`} {
		got, err := connect(t, serve(t, text(200, none)).url).Auth().Users(t.Context())
		check(t, none, []any{len(got), err}, []any{0, nil})
	}
	for _, other := range []string{"", "{}", "[]", "<html>", `{"users":7}`, `{"users":[7]}`, `{"users":[{"user":7}]}`} {
		_, err := connect(t, serve(t, text(200, other)).url).Auth().Users(t.Context())
		check(t, other, status(err), 200)
	}
}

// Between the list and the questions that etcd 2.2 makes necessary a user can go.
func TestUserDeletedWhileListed(t *testing.T) {
	s := serve(t, text(200, `{"users":["a","b"]}`), said(404, "auth: User a does not exist."), text(200, `{"user":"b","roles":["r"]}`))
	got, err := connect(t, s.url).Auth().Users(t.Context())
	check(t, "error", err, nil)
	check(t, "users", got, []User{{Name: "b", Roles: []string{"r"}}})

	s = serve(t, text(200, `{"users":["a","b"]}`), said(401, "Insufficient credentials"))
	_, err = connect(t, s.url).Auth().Users(t.Context())
	checkIs(t, err, ErrUnauthorized)
}

func TestUserRefusesOtherReplies(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"user":"b"}`, `{"user":"a","roles":[7]}`} {
		_, err := connect(t, serve(t, text(200, body)).url).Auth().User(t.Context(), "a")
		check(t, body, status(err), 200)
	}
}

func TestChangesOfUsersOnTheWire(t *testing.T) {
	type A = *Auth
	for name, test := range map[string]struct {
		do   func(context.Context, A) error
		want string
	}{
		"create": {
			func(ctx context.Context, a A) error { return a.CreateUser(ctx, "a", "s:<1>", "r1", "r2") },
			`PUT /v2/auth/users/a {"password":"s:\u003c1\u003e","roles":["r1","r2"],"user":"a"}`,
		},
		"create root": {
			func(ctx context.Context, a A) error { return a.CreateUser(ctx, "root", "s") },
			`PUT /v2/auth/users/root {"password":"s","roles":["root"],"user":"root"}`,
		},
		"create root with a role": {
			func(ctx context.Context, a A) error { return a.CreateUser(ctx, "root", "s", "r", "root") },
			`PUT /v2/auth/users/root {"password":"s","roles":["r","root"],"user":"root"}`,
		},
		"password": {
			func(ctx context.Context, a A) error { return a.ChangePassword(ctx, "a", "s") },
			`PUT /v2/auth/users/a {"grant":["etcdv2-no-such-role"],"password":"s","revoke":["etcdv2-no-such-role"],"user":"a"}`,
		},
		"grant": {
			func(ctx context.Context, a A) error { return a.GrantRoles(ctx, "a", "r1", "r2") },
			`PUT /v2/auth/users/a {"grant":["r1","r2"],"user":"a"}`,
		},
		"revoke": {
			func(ctx context.Context, a A) error { return a.RevokeRoles(ctx, "a b?#%ü", "r1") },
			`PUT /v2/auth/users/a%20b%3F%23%25%C3%BC {"revoke":["r1"],"user":"a b?#%ü"}`,
		},
		"delete": {
			func(ctx context.Context, a A) error { return a.DeleteUser(ctx, "a:b%2F") },
			`DELETE /v2/auth/users/a:b%252F`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			reply := `{"user":"a","roles":["r1"]}`
			switch {
			case strings.Contains(test.want, "root"):
				reply = `{"user":"root","roles":["root"]}`
			case strings.Contains(test.want, "ü"):
				reply = `{"user":"a b?#%ü","roles":[]}`
			case strings.HasPrefix(test.want, "DELETE"):
				reply = ""
			}
			s := serve(t, text(200, reply))
			check(t, "error", test.do(t.Context(), connect(t, s.url).Auth()), nil)
			check(t, "requests", s.got(), []string{test.want})
		})
	}
}

// Etcd would change the password of one who exists.
func TestUserWithoutRolesIsLookedUpFirst(t *testing.T) {
	missing := said(404, "auth: User a does not exist.")
	create := func(s *server) error { return connect(t, s.url).Auth().CreateUser(t.Context(), "a", "s3cret") }
	look, put := "GET /v2/auth/users/a", `PUT /v2/auth/users/a {"password":"s3cret","user":"a"}`

	s := serve(t, missing, text(201, `{"user":"a","roles":null}`))
	check(t, "created", create(s), nil)
	check(t, "requests", s.got(), []string{look, put})

	for _, there := range []string{`{"user":"a"}`, `{"user":"a","roles":["r"]}`} {
		s = serve(t, text(200, there))
		err := create(s)
		checkIs(t, err, ErrUserExists)
		checkNot(t, err, ErrOutcomeUnknown)
		check(t, "requests", s.got(), []string{look})
	}
	s = serve(t, said(404, "auth: Role r does not exist."))
	checkIs(t, create(s), ErrUserExists)
	check(t, "requests", s.got(), []string{look})

	s = serve(t, said(401, "Insufficient credentials"))
	checkIs(t, create(s), ErrUnauthorized)
	check(t, "requests", s.got(), []string{look})

	// Created by somebody else in between: 200 is the answer to a change.
	s = serve(t, missing, text(200, `{"user":"a","roles":[]}`))
	err := create(s)
	checkIs(t, err, ErrUserExists, ErrOutcomeUnknown)
	if strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestUsersThatEtcdWouldMisreadSendNothing(t *testing.T) {
	type C = *Client
	calls := unsendable{}
	for _, name := range []string{"", ".", "..", "a/b", "/", "\xff"} {
		calls["user: "+name] = func(ctx context.Context, c C) error { _, err := c.Auth().User(ctx, name); return err }
		calls["create: "+name] = func(ctx context.Context, c C) error { return c.Auth().CreateUser(ctx, name, "s", "r") }
		calls["create, role: "+name] = func(ctx context.Context, c C) error { return c.Auth().CreateUser(ctx, "a", "s", "r", name) }
		calls["password: "+name] = func(ctx context.Context, c C) error { return c.Auth().ChangePassword(ctx, name, "s") }
		calls["grant: "+name] = func(ctx context.Context, c C) error { return c.Auth().GrantRoles(ctx, name, "r") }
		calls["grant, role: "+name] = func(ctx context.Context, c C) error { return c.Auth().GrantRoles(ctx, "a", name) }
		calls["revoke: "+name] = func(ctx context.Context, c C) error { return c.Auth().RevokeRoles(ctx, name, "r") }
		calls["revoke, role: "+name] = func(ctx context.Context, c C) error { return c.Auth().RevokeRoles(ctx, "a", name) }
		calls["delete: "+name] = func(ctx context.Context, c C) error { return c.Auth().DeleteUser(ctx, name) }
	}
	for _, password := range []string{"", "\xffs3cret", strings.Repeat("s3cret", 13)} {
		calls["create, password: "+password] = func(ctx context.Context, c C) error {
			return noPassword(t, c.Auth().CreateUser(ctx, "a", password))
		}
		calls["password, password: "+password] = func(ctx context.Context, c C) error {
			return noPassword(t, c.Auth().ChangePassword(ctx, "a", password))
		}
	}
	calls["create: colon"] = func(ctx context.Context, c C) error { return c.Auth().CreateUser(ctx, "a:b", "s") }
	calls["grant: nothing"] = func(ctx context.Context, c C) error { return c.Auth().GrantRoles(ctx, "a") }
	calls["revoke: nothing"] = func(ctx context.Context, c C) error { return c.Auth().RevokeRoles(ctx, "a") }
	calls.check(t)
}

// noPassword returns err, and fails the test if it quotes a password.
func noPassword(t *testing.T, err error) error {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the password is in %v", err)
	}
	return err
}
