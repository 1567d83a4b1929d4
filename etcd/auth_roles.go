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

// Role is a role of etcd's authentication: what its users may do.
type Role struct {
	Name        string
	Permissions Permissions
}

// Permissions are patterns for keys. A pattern that ends in "*" matches each key that begins with the text
// before the star. Any other pattern matches only the key that equals it. "/app/*" matches what is below /app,
// but not /app itself.
//
// Etcd compares patterns with the key as it is spelled in the call. So a user with permissions for what is below
// /app must read, watch, mirror, post to and delete it as "/app/", with the slash. A call WithRecursive needs a
// pattern with a star: "/app*" for "/app", and "/app*" or "/app/*" for "/app/". Etcd checks the role guest less
// strictly: with a pattern that matches /app, recursive calls of guests see and delete everything below it.
type Permissions struct {
	Read  []string // what may be read and watched
	Write []string // what may be written and deleted; reading is not included
}

// Roles returns all roles in the order of their names, except those whose name begins with "_", which etcd does
// not list. The role root always exists. On etcd up to 2.2, Roles sends a request for each role.
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

// Role returns the role with the name, or ErrRoleNotFound.
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

// CreateRole creates a role with permissions, which may be empty. It returns ErrRoleExists if the role exists,
// and changes nothing then.
func (a *Auth) CreateRole(ctx context.Context, name string, permissions Permissions) error {
	if err := cmp.Or(checkRoleToChange(name), permissions.check()); err != nil {
		return err
	}
	return a.putRole(ctx, gen.RoleRequest{Role: name, Permissions: permissions.wire()})
}

// DeleteRole deletes the role with the name, or returns ErrRoleNotFound. Revoke it from its users first, because
// etcd does not, and etcd 2.3 and later return nothing about a user with a role that does not exist.
func (a *Auth) DeleteRole(ctx context.Context, name string) error {
	if err := checkRoleToChange(name); err != nil {
		return err
	}
	return explainAuth(a.client.change(ctx, gen.NewDeleteRoleRequest(name), isEmpty))
}

// GrantPermissions gives a role more permissions: all of them, or none and ErrAlreadyGranted if the role already
// has one of the patterns. It returns ErrRoleNotFound if the role does not exist.
func (a *Auth) GrantPermissions(ctx context.Context, name string, permissions Permissions) error {
	if err := cmp.Or(checkRoleToChange(name), permissions.checkSome(), permissions.check()); err != nil {
		return err
	}
	return a.putRole(ctx, gen.RoleRequest{Role: name, Grant: permissions.wire()})
}

// RevokePermissions takes permissions away from a role. It revokes those of the patterns that the role has, and
// returns ErrNotGranted if it has none of them. It returns ErrRoleNotFound if the role does not exist. For a
// role that another program has created without any pattern to read, or to write, etcd may answer with success
// instead.
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
