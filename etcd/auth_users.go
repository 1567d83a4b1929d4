package etcd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/etcdv2/client/gen"

	"github.com/etcdv2/client/internal/errs"
)

// User is a user of etcd's authentication.
type User struct {
	Name  string
	Roles []string // in the order of their names
}

// mostPassword is how many bytes of a password etcd up to 3.4 keeps, without a word about the others; etcd
// 3.5 answers a longer one as if it had failed.
const mostPassword = 72

// noRole is a role that no user has, see ChangePassword.
const noRole = "etcdv2-no-such-role"

// Users returns all users in the order of their names, except those whose name begins with "_", which etcd does
// not list. Etcd 2.3 and later leave out roles that do not exist. On etcd up to 2.2, Users sends a request for
// each user.
func (a *Auth) Users(ctx context.Context) ([]User, error) {
	var list struct {
		Users json.RawMessage `json:"users"`
	}
	var parts []json.RawMessage // nil for null, which stands for none
	var users []User
	isList := asJSON(&list, func() (ok bool) {
		if list.Users == nil || json.Unmarshal(list.Users, &parts) != nil {
			return false
		}
		users, ok = decodeUsers(parts)
		return ok
	})
	err := a.client.ask(ctx, gen.NewGetUsersRequest(), wanted{isList, "not a list of users", true})
	if err != nil {
		return nil, explainAuth(err)
	}
	if areNames(parts) {
		return a.usersNamed(ctx, users)
	}
	return users, nil
}

// decodeUsers returns the users of a list, nil for a list that is null, and whether it is one.
func decodeUsers(parts []json.RawMessage) (users []User, ok bool) {
	var wire []gen.User
	if parts == nil {
		return nil, true
	}
	if !decodeEntries(parts, &wire, userCalled) {
		return nil, false
	}
	users = make([]User, len(wire))
	for i, w := range wire {
		if users[i], ok = newUser(w); !ok {
			return nil, false
		}
	}
	return users, true
}

// usersNamed asks for each of the users of a list that had only names.
func (a *Auth) usersNamed(ctx context.Context, named []User) ([]User, error) {
	users := make([]User, 0, len(named))
	for _, n := range named {
		user, err := a.User(ctx, n.Name)
		switch {
		case errors.Is(err, ErrUserNotFound): // deleted since the list was made
		case err != nil:
			return nil, err
		default:
			users = append(users, user)
		}
	}
	return users, nil
}

// User returns the user with the name, or ErrUserNotFound. It returns ErrRoleNotFound if the user has a role
// that does not exist, because etcd 2.3 and later then return nothing about the user.
func (a *Auth) User(ctx context.Context, name string) (User, error) {
	if err := checkName("user", name); err != nil {
		return User{}, err
	}
	var wire gen.User
	var user User
	isUser := asJSON(&wire, func() (ok bool) {
		user, ok = newUser(wire)
		return ok && wire.User == name
	})
	if err := a.client.ask(ctx, gen.NewGetUserRequest(name), wanted{isUser, "not that user", true}); err != nil {
		return User{}, explainAuth(err)
	}
	return user, nil
}

// newUser returns the user that wire is, and whether its roles could be decoded.
func newUser(wire gen.User) (User, bool) {
	var roles []gen.Role
	if !decodeEntries(wire.Roles, &roles, roleCalled) {
		return User{}, false
	}
	user := User{Name: wire.User}
	for _, role := range roles {
		user.Roles = append(user.Roles, role.Role)
	}
	slices.Sort(user.Roles)
	return user, true
}

// CreateUser creates a user with a password and roles. It returns ErrUserExists if the user exists, and changes
// nothing then. The user root always has the role root.
//
// A user without roles can do nothing. The request by which etcd creates such a user would change the password
// of an existing user, so CreateUser first checks that the user does not exist. If somebody else creates the
// user in between, the error matches both ErrUserExists and ErrOutcomeUnknown, and the user has the password
// given here. With at least one role, and for root, that cannot happen.
//
// A password has 1 to 72 bytes, because etcd compares no more than that. Etcd does not check whether the roles
// exist; see User.
func (a *Auth) CreateUser(ctx context.Context, name, password string, roles ...string) error {
	if err := cmp.Or(checkNewUser(name), checkPassword(name, password)); err != nil {
		return err
	}
	if name == rootName && !slices.Contains(roles, rootName) {
		roles = append([]string{rootName}, roles...)
	}
	if len(roles) == 0 {
		return a.createWithoutRoles(ctx, name, password)
	}
	if err := checkNames("role", roles); err != nil {
		return err
	}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Password: &password, Roles: roles})
	return err
}

func (a *Auth) createWithoutRoles(ctx context.Context, name, password string) error {
	switch _, err := a.User(ctx, name); {
	case err == nil, errors.Is(err, ErrRoleNotFound):
		return failed("create user", name, ErrUserExists)
	case !errors.Is(err, ErrUserNotFound):
		return err
	}
	status, err := a.putUser(ctx, gen.UserRequest{User: name, Password: &password})
	if err == nil && status != http.StatusCreated {
		return failed("create user", name, fmt.Errorf("%w, but did not a moment before, and may have the new password: %w",
			errs.Bare(ErrUserExists), errs.Bare(ErrOutcomeUnknown)))
	}
	return err
}

// DeleteUser deletes the user with the name. It returns ErrUserNotFound if the user does not exist, and
// ErrAuthEnabled for root while authentication is on.
func (a *Auth) DeleteUser(ctx context.Context, name string) error {
	if err := checkName("user", name); err != nil {
		return err
	}
	return explainAuth(a.client.change(ctx, gen.NewDeleteUserRequest(name), isEmpty))
}

// ChangePassword gives the user with the name a new password, of 1 to 72 bytes. It returns ErrUserNotFound if
// the user does not exist, and never creates one. Clients that use the old password are refused from then on,
// including this one.
func (a *Auth) ChangePassword(ctx context.Context, name, password string) error {
	if err := cmp.Or(checkName("user", name), checkPassword(name, password)); err != nil {
		return err
	}
	// A password alone would create a user who does not exist. Etcd refuses that if roles are granted or
	// revoked; this one comes and goes in one step.
	none := []string{noRole}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Password: &password, Grant: none, Revoke: none})
	return err
}

// GrantRoles gives the user with the name more roles: all of them, or none and ErrAlreadyGranted if the user
// already has one of them. It returns ErrUserNotFound if the user does not exist. Etcd does not check whether
// the roles exist; see User.
func (a *Auth) GrantRoles(ctx context.Context, name string, roles ...string) error {
	if err := cmp.Or(checkName("user", name), checkNames("role", roles)); err != nil {
		return err
	}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Grant: roles})
	return err
}

// RevokeRoles takes roles away from the user with the name: all of them, or none and ErrNotGranted if the user
// does not have one of them. It returns ErrUserNotFound if the user does not exist. The user root keeps the role
// root, whatever is revoked.
func (a *Auth) RevokeRoles(ctx context.Context, name string, roles ...string) error {
	if err := cmp.Or(checkName("user", name), checkNames("role", roles)); err != nil {
		return err
	}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Revoke: roles})
	return err
}

// putUser sends request, the only one that may carry a password, and returns the status of a success.
func (a *Auth) putUser(ctx context.Context, request gen.UserRequest) (status int, err error) {
	req, err := gen.NewPutUserRequest(request.User, request)
	if err != nil {
		return 0, err
	}
	var wire gen.User
	isUser := asJSON(&wire, func() bool { return wire.User == request.User })
	call := newTextCall(req, wanted{isUser, "not that user", true})
	call.secret = true
	err = a.client.do(ctx, &call.Call)
	return call.status, explainAuth(err)
}

// checkNewUser refuses names that could never be used.
func checkNewUser(name string) error {
	if strings.Contains(name, ":") {
		return errs.Invalidf("user name %q has a colon, which basic auth cannot carry", name)
	}
	return checkName("user", name)
}

// checkPassword refuses passwords of which etcd would make others. It quotes none.
func checkPassword(name, password string) error {
	switch {
	case password == "":
		return errs.Invalidf("password for user %q is empty", name)
	case len(password) > mostPassword:
		return errs.Invalidf("password for user %q has %d bytes; etcd compares at most %d", name, len(password), mostPassword)
	case !utf8.ValidString(password):
		return errs.Invalidf("password for user %q is not valid UTF-8", name)
	}
	return nil
}
