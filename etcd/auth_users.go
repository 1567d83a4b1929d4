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
)

// User is a user of etcd's authentication.
type User struct {
	Name  string
	Roles []string // in the order of their names
}

// mostPassword is how many bytes of a password etcd up to 3.4 keeps, without a word about the others;
// etcd 3.5 answers a longer one as if it had failed.
const mostPassword = 72

// noRole is a role that no user has, see ChangePassword.
const noRole = "etcdv2-no-such-role"

// Users returns all users, in the order of their names, but for those whose name begins with "_": etcd
// does not list them. Roles that do not exist are left out by etcd 2.3 and later. On etcd up to 2.2
// each user is asked for.
func (a *Auth) Users(ctx context.Context) ([]User, error) {
	resp, err := a.client.gen.GetUsers(ctx)
	body, err := readBody(resp, err)
	if err != nil {
		return nil, explainAuth(err)
	}
	var list struct {
		Users *[]json.RawMessage `json:"users"`
	}
	if err := json.Unmarshal(body, &list); err != nil || list.Users == nil && !strings.Contains(string(body), `"users"`) {
		return nil, foreign(resp, body, "not a list of users")
	}
	if list.Users == nil { // as null, which stands for none
		return nil, nil
	}
	wire, err := decodeEntries(*list.Users, func(name string) gen.User { return gen.User{User: name} })
	if err != nil {
		return nil, foreign(resp, body, "not a list of users")
	}
	users := make([]User, 0, len(wire))
	for _, w := range wire {
		user, err := a.listed(ctx, w, areNames(*list.Users))
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

// listed returns a user of a list; where that had only names the user is asked for.
func (a *Auth) listed(ctx context.Context, wire gen.User, nameOnly bool) (User, error) {
	if nameOnly {
		return a.User(ctx, wire.User)
	}
	return newUser(wire)
}

// User returns the user of the name, or ErrUserNotFound. It returns ErrRoleNotFound where the user has
// a role that does not exist: etcd 2.3 and later then tell nothing of the user.
func (a *Auth) User(ctx context.Context, name string) (User, error) {
	if err := checkName("user", name); err != nil {
		return User{}, err
	}
	resp, err := a.client.gen.GetUser(ctx, name)
	body, err := readBody(resp, err)
	if err != nil {
		return User{}, explainAuth(err)
	}
	var wire gen.User
	if err := json.Unmarshal(body, &wire); err != nil || wire.User != name {
		return User{}, foreign(resp, body, "not that user")
	}
	user, err := newUser(wire)
	if err != nil {
		return User{}, foreign(resp, body, "not that user")
	}
	return user, nil
}

func newUser(wire gen.User) (User, error) {
	roles, err := decodeEntries(wire.Roles, func(name string) gen.Role { return gen.Role{Role: name} })
	if err != nil {
		return User{}, err
	}
	user := User{Name: wire.User}
	for _, role := range roles {
		user.Roles = append(user.Roles, role.Role)
	}
	slices.Sort(user.Roles)
	return user, nil
}

// CreateUser creates a user with a password and roles. It returns ErrUserExists where there is a user
// of the name; nothing is changed then. The user root has the role root in any case.
//
// A user without roles can do nothing. Etcd can only create one in words that would change the
// password of a user who exists, so that is looked up first. If somebody else creates the user in
// between, the error is both ErrUserExists and ErrOutcomeUnknown, and the user has the password given
// here. With at least one role, and for root, that cannot happen.
//
// A password has 1 to 72 bytes: of a longer one etcd would compare no more. Etcd does not ask whether
// the roles exist, see User.
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
		return fmt.Errorf("etcd: create user %q: %w", name, ErrUserExists)
	case !errors.Is(err, ErrUserNotFound):
		return err
	}
	status, err := a.putUser(ctx, gen.UserRequest{User: name, Password: &password})
	if err == nil && status != http.StatusCreated {
		return fmt.Errorf("etcd: create user %q: %w, created by somebody else just now, and has this password: %w",
			name, ErrUserExists, ErrOutcomeUnknown)
	}
	return err
}

// DeleteUser deletes the user of the name. It returns ErrUserNotFound, and ErrAuthEnabled for root while
// authentication is on.
func (a *Auth) DeleteUser(ctx context.Context, name string) error {
	if err := checkName("user", name); err != nil {
		return err
	}
	return explainAuth(done(a.client.gen.DeleteUser(ctx, name)))
}

// ChangePassword gives the user of the name another password, of 1 to 72 bytes. It returns
// ErrUserNotFound, and never creates a user. Clients that use the old password, this one too, are
// refused from then on.
func (a *Auth) ChangePassword(ctx context.Context, name, password string) error {
	if err := cmp.Or(checkName("user", name), checkPassword(name, password)); err != nil {
		return err
	}
	// A password alone would create a user who does not exist. Etcd refuses that if roles are
	// granted or revoked; this one comes and goes in one step.
	none := []string{noRole}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Password: &password, Grant: none, Revoke: none})
	return err
}

// GrantRoles gives the user of the name further roles: all, or, with ErrAlreadyGranted where the user
// has one of them, none. It returns ErrUserNotFound. Etcd does not ask whether the roles exist, see User.
func (a *Auth) GrantRoles(ctx context.Context, name string, roles ...string) error {
	if err := cmp.Or(checkName("user", name), checkNames("role", roles)); err != nil {
		return err
	}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Grant: roles})
	return err
}

// RevokeRoles takes roles from the user of the name: all, or, with ErrNotGranted where the user lacks
// one of them, none. It returns ErrUserNotFound. The role root stays with the user root, whatever is
// revoked.
func (a *Auth) RevokeRoles(ctx context.Context, name string, roles ...string) error {
	if err := cmp.Or(checkName("user", name), checkNames("role", roles)); err != nil {
		return err
	}
	_, err := a.putUser(ctx, gen.UserRequest{User: name, Revoke: roles})
	return err
}

// putUser sends request and returns the status of a success.
func (a *Auth) putUser(ctx context.Context, request gen.UserRequest) (status int, err error) {
	resp, err := a.client.gen.PutUser(ctx, request.User, request)
	body, err := readBody(resp, err)
	if err != nil {
		return 0, explainAuth(err)
	}
	var wire gen.User
	if err := json.Unmarshal(body, &wire); err != nil || wire.User != request.User {
		return 0, strangeYes(foreign(resp, nil, "not that user"))
	}
	return resp.StatusCode, nil
}

// checkNewUser refuses names that could never be used.
func checkNewUser(name string) error {
	if strings.Contains(name, ":") {
		return invalidf("name %q of a user has a colon, which basic auth cannot carry", name)
	}
	return checkName("user", name)
}

// checkPassword refuses passwords of which etcd would make others. It quotes none.
func checkPassword(name, password string) error {
	switch {
	case password == "":
		return invalidf("empty password for user %q", name)
	case len(password) > mostPassword:
		return invalidf("password of %d bytes for user %q, etcd compares at most %d", len(password), name, mostPassword)
	case !utf8.ValidString(password):
		return invalidf("the password for user %q is not valid UTF-8", name)
	}
	return nil
}

// setsPassword reports whether req may carry a password in its body. Writes of keys have forms.
func setsPassword(req *http.Request) bool {
	return req.Method == http.MethodPut && req.Header.Get("Content-Type") == "application/json" &&
		strings.Contains(req.URL.Path, "/auth/users/")
}

// How the words begin that etcd and its proxy have for requests that may carry a password.
var wordsOnUsers = []string{"auth: ", "User JSON ", "Invalid ", "Insufficient credentials", "Internal Server Error", notCapable, "proxy: "}

// isEtcdsWord reports whether message is one that etcd has for such requests. Others are not shown: who
// answers in etcd's place may quote the request.
func isEtcdsWord(message string) bool {
	return slices.ContainsFunc(wordsOnUsers, func(words string) bool { return strings.HasPrefix(message, words) })
}
