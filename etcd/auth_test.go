package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestEnabled(t *testing.T) {
	for body, want := range map[string]bool{`{"enabled":true}` + "\n": true, `{"enabled":false}`: false} {
		got, err := connect(t, serve(t, text(200, body)).url).Auth().Enabled(t.Context())
		check(t, body, []any{got, err}, []any{want, nil})
	}
	for _, body := range []string{"", "{}", "<html>", `{"enabled":"yes"}`} {
		_, err := connect(t, serve(t, text(200, body)).url).Auth().Enabled(t.Context())
		check(t, body, status(err), 200)
	}
}

func TestSwitchingAuthentication(t *testing.T) {
	s := serve(t, text(200, ""), text(200, ""), said(409, "auth: already enabled"), said(409, "auth: already disabled"))
	auth := connect(t, s.url).Auth()
	for _, do := range []func(context.Context) error{auth.Enable, auth.Disable, auth.Enable, auth.Disable} {
		check(t, "error", do(t.Context()), nil)
	}
	check(t, "requests", s.got(), []string{
		"PUT /v2/auth/enable", "DELETE /v2/auth/enable", "PUT /v2/auth/enable", "DELETE /v2/auth/enable",
	})
	err := connect(t, serve(t, said(409, "auth: No root user available, please create one")).url).Auth().Enable(t.Context())
	checkIs(t, err, ErrNoRootUser)
}

// authCalls are all calls but those that look before they write.
func authCalls(auth *Auth) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"enabled":  func(ctx context.Context) error { _, err := auth.Enabled(ctx); return err },
		"enable":   auth.Enable,
		"disable":  auth.Disable,
		"users":    func(ctx context.Context) error { _, err := auth.Users(ctx); return err },
		"user":     func(ctx context.Context) error { _, err := auth.User(ctx, "a"); return err },
		"create":   func(ctx context.Context) error { return auth.CreateUser(ctx, "a", "s3cret", "r") },
		"password": func(ctx context.Context) error { return auth.ChangePassword(ctx, "a", "s3cret") },
		"grant":    func(ctx context.Context) error { return auth.GrantRoles(ctx, "a", "r") },
		"revoke":   func(ctx context.Context) error { return auth.RevokeRoles(ctx, "a", "r") },
		"delete":   func(ctx context.Context) error { return auth.DeleteUser(ctx, "a") },
		"roles":    func(ctx context.Context) error { _, err := auth.Roles(ctx); return err },
		"role":     func(ctx context.Context) error { _, err := auth.Role(ctx, "r"); return err },
		"new role": func(ctx context.Context) error { return auth.CreateRole(ctx, "r", Permissions{}) },
		"allow": func(ctx context.Context) error {
			return auth.GrantPermissions(ctx, "r", Permissions{Read: []string{"/a"}})
		},
		"forbid": func(ctx context.Context) error {
			return auth.RevokePermissions(ctx, "r", Permissions{Read: []string{"/a"}})
		},
		"no role": func(ctx context.Context) error { return auth.DeleteRole(ctx, "r") },
	}
}

func TestRefusedCallsOfAuthSayWhy(t *testing.T) {
	for message, test := range map[string]struct {
		status int
		want   error
	}{
		"auth: User Role a does not exist.":                        {404, ErrUserNotFound},
		"auth: Role r does not exist.":                             {404, ErrRoleNotFound},
		"auth: Role r doesn't exist.":                              {404, ErrRoleNotFound},
		"auth: User Granting duplicate already exists.":            {409, ErrUserExists},
		"auth: Role r already exists.":                             {409, ErrRoleExists},
		"auth: Granting duplicate role r for user a":               {409, ErrAlreadyGranted},
		"auth: Granting duplicate read permission /a":              {409, ErrAlreadyGranted},
		"auth: Revoking ungranted role r for user a":               {409, ErrNotGranted},
		"auth: Role not updated. Use grant/revoke to update it.":   {400, ErrNotGranted},
		"auth: Cannot delete root user while auth is enabled.":     {403, ErrAuthEnabled},
		"Insufficient credentials":                                 {401, ErrUnauthorized},
		"Not capable of accessing auth feature during rolling up.": {500, ErrAuthNotReady},
	} {
		for name, do := range authCalls(connect(t, serve(t, said(test.status, message)).url).Auth()) {
			err := do(t.Context())
			checkIs(t, err, test.want)
			checkNot(t, err, ErrOutcomeUnknown)
			check(t, name+": "+message, status(err), test.status)
		}
	}
}

func TestAuthOfServersWithout(t *testing.T) {
	s := serve(t, routes(map[string]http.HandlerFunc{"/version": text(200, "etcd 2.0.13")}))
	for name, do := range authCalls(connect(t, s.url).Auth()) {
		err := do(t.Context())
		checkIs(t, err, ErrNotSupported)
		if !strings.Contains(err.Error(), "; etcd 2.0.13 may be too old for this path, or ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Somebody in etcd's place may quote the request, so what is not etcd's is not shown.
func TestPasswordsAreInNoErrorAndNoEvent(t *testing.T) {
	for name, reply := range map[string]string{
		"page":         `<html>bad request: {"password":"s3cret"}</html>`,
		"message":      `{"message":"what is {\"password\":\"s3cret\"}?"}`,
		"code":         `{"errorCode":100,"message":"s3cret","cause":"s3cret"}`,
		"other user":   `{"user":"s3cret","roles":["s3cret"]}`,
		"broken user":  `{"user":"a","roles":"s3cret"`,
		"number first": `s3cret`,
	} {
		for _, code := range []int{200, 201, 302, 400, 401, 404, 409, 500, 503} {
			var heard strings.Builder
			s := serve(t, text(code, reply))
			client := connectWith(t, Config{Endpoints: []string{s.url, closedPort}, Observer: observeFunc(func(e Event) {
				fmt.Fprintf(&heard, "%+v %#v %v\n", e, e, e.LogValue())
			})})
			for _, err := range []error{
				client.Auth().CreateUser(t.Context(), "a", "s3cret", "r"),
				client.Auth().ChangePassword(t.Context(), "a", "s3cret"),
			} {
				var all *Error
				if err == nil || !errors.As(err, &all) {
					t.Fatalf("%s, %d: %v", name, code, err)
				}
				fmt.Fprintf(&heard, "%v %+v %#v", err, err, all)
			}
			if strings.Contains(heard.String(), "s3cret") {
				t.Errorf("%s, %d: the password is in %s", name, code, heard.String())
			}
		}
	}
}

type observeFunc func(Event)

func (f observeFunc) Observe(e Event) { f(e) }

func TestWritesOfAuthAreSentOnce(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{"hangup": hangup, "cut": cut, "5xx": said(500, "Internal Server Error")} {
		first, second := serve(t, reply), serve(t, text(200, ""))
		for call := range authCalls(nil) {
			client := connect(t, first.url, second.url)
			err := authCalls(client.Auth())[call](t.Context())
			before := len(first.got())
			if strings.HasPrefix(first.got()[before-1], "GET ") {
				continue
			}
			checkIs(t, err, ErrOutcomeUnknown)
			for _, request := range second.got() {
				if !strings.HasPrefix(request, "GET ") {
					t.Errorf("%s, %s: %s was sent to the second", name, call, request)
				}
			}
		}
	}
}
