package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/etcdv2/client/gen"

	"github.com/etcdv2/client/internal/errs"
)

// Etcd has no error codes for calls about users and roles, so their reasons are errors of their own.
var (
	// ErrUserNotFound says that there is no user of the name.
	ErrUserNotFound = errs.New("etcd: no such user")

	// ErrUserExists says that a user who was to be created exists.
	ErrUserExists = errs.New("etcd: user exists")

	// ErrRoleNotFound says that there is no role of the name.
	ErrRoleNotFound = errs.New("etcd: no such role")

	// ErrRoleExists says that a role that was to be created exists.
	ErrRoleExists = errs.New("etcd: role exists")

	// ErrAlreadyGranted says that a user has a role, or a role a pattern, that was to be granted.
	ErrAlreadyGranted = errs.New("etcd: already granted")

	// ErrNotGranted says that a user lacks a role, or a role the patterns, that were to be revoked.
	ErrNotGranted = errs.New("etcd: not granted")

	// ErrNoRootUser says that authentication cannot be switched on before there is a user root.
	ErrNoRootUser = errs.New("etcd: no user root")

	// ErrAuthEnabled says that something cannot be done while authentication is on.
	ErrAuthEnabled = errs.New("etcd: authentication is on")

	// ErrAuthNotReady says that the members have not agreed yet on a version that knows authentication: on
	// etcd 2.x in the first moment after a start, and while a cluster is upgraded from 2.0. Nothing was done;
	// try again.
	ErrAuthNotReady = errs.New("etcd: authentication is not ready")
)

// notCapable is how the words of ErrAuthNotReady begin.
const notCapable = "Not capable of accessing auth feature"

// What servers say of refused calls about users and roles.
var authReasons = []reason{
	{http.StatusNotFound, "auth: Role ", ErrRoleNotFound},
	{http.StatusNotFound, "auth: User ", ErrUserNotFound},
	{http.StatusConflict, "auth: User ", ErrUserExists},
	{http.StatusConflict, "auth: Role ", ErrRoleExists},
	{http.StatusConflict, "auth: Granting duplicate", ErrAlreadyGranted},
	{http.StatusConflict, "auth: Revoking ungranted", ErrNotGranted},
	{http.StatusBadRequest, "auth: Role not updated", ErrNotGranted},
	{http.StatusConflict, "auth: No root user", ErrNoRootUser},
	{http.StatusForbidden, "auth: Cannot delete root user", ErrAuthEnabled},
}

// rootName is the name of the user, and of the role, that may do everything.
const rootName = "root"

// Auth looks after a cluster's authentication, which etcd has from 2.1 on: whether it is on, users, and
// roles. Where it is on, all but Enabled takes the user root. Every call can return
//
//   - ErrInvalidArgument for what etcd would misread; nothing was sent then,
//   - ErrUnauthorized where the client's user is not root,
//   - ErrNotSupported by servers before 2.1, and by those without the v2 API,
//   - ErrAuthNotReady,
//   - for writes ErrOutcomeUnknown, as writes of keys do. Passwords are in no error.
//
// Reads are answered from the member's own copy, which may be behind. Client.Auth returns one; the zero value
// is not usable.
type Auth struct{ client *Client }

// Auth returns what looks after authentication, users and roles.
func (c *Client) Auth() *Auth { return &Auth{c} }

// Enabled reports whether authentication is on. Everybody may ask.
func (a *Auth) Enabled(ctx context.Context) (bool, error) {
	var wire struct {
		Enabled *bool `json:"enabled"`
	}
	tells := asJSON(&wire, func() bool { return wire.Enabled != nil })
	err := a.client.ask(ctx, gen.NewGetAuthStatusRequest(), wanted{tells, "does not say whether authentication is on", true})
	if err != nil {
		return false, explainAuth(err)
	}
	return *wire.Enabled, nil
}

// Enable switches authentication on; where it is on already it does nothing. It returns ErrNoRootUser before
// there is a user root; the client needs root's credentials for everything that comes later.
//
// From then on, clients without credentials have the role guest. If that does not exist, etcd creates it with
// the right to read and write everything: revoke that right, or delete the role, to keep strangers out.
func (a *Auth) Enable(ctx context.Context) error {
	err := a.client.change(ctx, gen.NewEnableAuthRequest(), isEmpty)
	return ignoring(explainAuth(err), "auth: already enabled")
}

// Disable switches authentication off, so that everybody may do everything; where it is off already it does
// nothing. Users and roles stay.
func (a *Auth) Disable(ctx context.Context) error {
	err := a.client.change(ctx, gen.NewDisableAuthRequest(), isEmpty)
	return ignoring(explainAuth(err), "auth: already disabled")
}

// ignoring returns err, or nil if the server has refused with those words.
func ignoring(err error, words string) error {
	var reply *Error
	if errors.As(err, &reply) && reply.StatusCode == http.StatusConflict && reply.Message == words {
		return nil
	}
	return err
}

func explainAuth(err error) error { return explain(err, authReasons...) }

// entry is a part of a list, or of a user's roles, in one of its two shapes: etcd up to 2.2 sends a name,
// later versions an object.
type entry interface{ gen.User | gen.Role }

// decodeEntries decodes parts into entries; of one that is a name it makes what called returns. It returns
// false if one is neither.
func decodeEntries[T entry](parts []json.RawMessage, entries *[]T, called func(name string) T) bool {
	decoded := make([]T, len(parts))
	for i, part := range parts {
		var name string
		if json.Unmarshal(part, &name) == nil {
			decoded[i] = called(name)
		} else if json.Unmarshal(part, &decoded[i]) != nil {
			return false
		}
	}
	*entries = decoded
	return true
}

func roleCalled(name string) gen.Role { return gen.Role{Role: name} }

func userCalled(name string) gen.User { return gen.User{User: name} }

// areNames reports whether a list is one of names, which tell nothing more.
func areNames(parts []json.RawMessage) bool {
	return len(parts) > 0 && len(parts[0]) > 0 && parts[0][0] == '"'
}

// checkName refuses a name, of a user or a role, that would lead to another path.
func checkName(what, name string) error {
	switch {
	case name == "":
		return errs.Invalidf("name of a %s is empty", what)
	case !utf8.ValidString(name):
		return errs.Invalidf("%s name %q is not valid UTF-8", what, name)
	case name == "." || name == ".." || strings.Contains(name, "/"):
		return errs.Invalidf("%s name %q would be a path for etcd", what, name)
	}
	return nil
}

// checkNames refuses an empty list, and names that are none.
func checkNames(what string, names []string) error {
	if len(names) == 0 {
		return errs.Invalidf("%ss are missing", what)
	}
	for _, name := range names {
		if err := checkName(what, name); err != nil {
			return err
		}
	}
	return nil
}
