package etcd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/etcdv2/client/gen"

	"github.com/etcdv2/client/internal/errs"
)

// Role is a role of etcd's authentication: what users who have it may do.
type Role struct {
	Name        string
	Permissions Permissions
}

// Permissions are patterns for keys: one that ends in "*" matches each key that begins with what stands
// before the star, any other the key that it equals. "/app/*" matches what is below /app and not /app itself.
//
// Etcd compares them with the key as it is spelled in the call. So a user with rights to what is below /app
// must read, watch, mirror, post to and delete it under the name "/app/", with the slash. A call
// WithRecursive takes a pattern with a star: on "/app" that is "/app*", on "/app/" also "/app/*". For the
// role guest, whom etcd checks less, a pattern that matches /app lets recursive calls see and delete all that
// is below.
type Permissions struct {
	Read  []string // what may be read and watched
	Write []string // what may be written and deleted; reading is not included
}

// Roles returns all roles, in the order of their names, but for those whose name begins with "_": etcd does
// not list them. The role root is always there. On etcd up to 2.2 each role is asked for.
func (a *Auth) Roles(ctx context.Context) ([]Role, error) {
	var list struct {
		Roles []json.RawMessage `json:"roles"`
	}
	var wire []gen.Role
	isList := asJSON(&list, func() bool { return list.Roles != nil && decodeEntries(list.Roles, &wire, roleCalled) })
	err := a.client.ask(ctx, gen.NewGetRolesRequest(), wanted{isList, "not a list of roles", true})
	if err != nil {
		return nil, explainAuth(err)
	}
	roles := make([]Role, 0, len(wire))
	for _, w := range wire {
		role := newRole(w)
		if areNames(list.Roles) {
			role, err = a.Role(ctx, w.Role)
		}
		switch {
		case errors.Is(err, ErrRoleNotFound): // deleted since the list was made
		case err != nil:
			return nil, err
		default:
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// Role returns the role of the name, or ErrRoleNotFound.
func (a *Auth) Role(ctx context.Context, name string) (Role, error) {
	if err := checkName("role", name); err != nil {
		return Role{}, err
	}
	var wire gen.Role
	isRole := asJSON(&wire, func() bool { return wire.Role == name })
	if err := a.client.ask(ctx, gen.NewGetRoleRequest(name), wanted{isRole, "not that role", true}); err != nil {
		return Role{}, explainAuth(err)
	}
	return newRole(wire), nil
}

func newRole(wire gen.Role) Role {
	kv := wire.Permissions.Kv
	// Sorted collects nothing into nil: an empty list and none are the same.
	return Role{Name: wire.Role, Permissions: Permissions{
		Read: slices.Sorted(slices.Values(kv.Read)), Write: slices.Sorted(slices.Values(kv.Write)),
	}}
}

// CreateRole creates a role that may do what permissions say, which may be nothing. It returns ErrRoleExists
// where there is a role of the name; nothing is changed then.
func (a *Auth) CreateRole(ctx context.Context, name string, permissions Permissions) error {
	if err := cmp.Or(checkRoleToChange(name), permissions.check()); err != nil {
		return err
	}
	return a.putRole(ctx, gen.RoleRequest{Role: name, Permissions: permissions.wire()})
}

// DeleteRole deletes the role of the name, or returns ErrRoleNotFound. Revoke it from its users first: etcd
// does not, and from 2.3 on tells nothing of a user who has a role that does not exist.
func (a *Auth) DeleteRole(ctx context.Context, name string) error {
	if err := checkRoleToChange(name); err != nil {
		return err
	}
	return explainAuth(a.client.change(ctx, gen.NewDeleteRoleRequest(name), isEmpty))
}

// GrantPermissions lets a role do more: all that permissions say, or, with ErrAlreadyGranted where the role
// has one of the patterns, nothing of it. It returns ErrRoleNotFound.
func (a *Auth) GrantPermissions(ctx context.Context, name string, permissions Permissions) error {
	if err := cmp.Or(checkRoleToChange(name), permissions.checkSome(), permissions.check()); err != nil {
		return err
	}
	return a.putRole(ctx, gen.RoleRequest{Role: name, Grant: permissions.wire()})
}

// RevokePermissions takes from a role the patterns that it has of permissions, and returns ErrNotGranted
// where it has none. It returns ErrRoleNotFound. Of a role that was created by another program without any
// pattern to read, or to write, etcd may say yes to that.
func (a *Auth) RevokePermissions(ctx context.Context, name string, permissions Permissions) error {
	if err := cmp.Or(checkRoleToChange(name), permissions.checkSome()); err != nil {
		return err
	}
	return a.putRole(ctx, gen.RoleRequest{Role: name, Revoke: permissions.wire()})
}

// putRole sends request.
func (a *Auth) putRole(ctx context.Context, request gen.RoleRequest) error {
	req, err := gen.NewPutRoleRequest(request.Role, request)
	if err != nil {
		return err
	}
	var wire gen.Role
	isRole := asJSON(&wire, func() bool { return wire.Role == request.Role })
	return explainAuth(a.client.change(ctx, req, wanted{isRole, "not that role", true}))
}

// wire returns p for the wire, with lists that are empty rather than null: of a role that was created with
// null, etcd would say that something was revoked that never was there.
func (p Permissions) wire() *gen.Permissions {
	list := func(patterns []string) []string { return append([]string{}, patterns...) }
	return &gen.Permissions{Kv: gen.KeyPermissions{Read: list(p.Read), Write: list(p.Write)}}
}

// check refuses patterns that match nothing, and the empty one: with that, etcd breaks off the connection on
// every request of the role's users.
func (p Permissions) check() error {
	for _, patterns := range [][]string{p.Read, p.Write} {
		for _, pattern := range patterns {
			switch {
			case !strings.HasPrefix(pattern, "/") && pattern != "*":
				return errs.Invalidf("pattern %q does not begin with a slash, as keys do", pattern)
			case !utf8.ValidString(pattern):
				return errs.Invalidf("pattern %q is not valid UTF-8", pattern)
			}
		}
	}
	return nil
}

// checkSome refuses permissions without patterns: etcd would take the request for the creation of a role.
func (p Permissions) checkSome() error {
	if len(p.Read) == 0 && len(p.Write) == 0 {
		return errs.Invalidf("patterns are missing")
	}
	return nil
}

// checkRoleToChange refuses names that are none, and root, which cannot be changed.
func checkRoleToChange(name string) error {
	if name == rootName {
		return errs.Invalidf("role root may do everything and cannot be changed")
	}
	return checkName("role", name)
}
