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
	// ErrUserNotFound means that the user does not exist.
	ErrUserNotFound = errs.New("etcd: no such user")

	// ErrUserExists means that a user to be created already exists.
	ErrUserExists = errs.New("etcd: user exists")

	// ErrRoleNotFound means that the role does not exist.
	ErrRoleNotFound = errs.New("etcd: no such role")

	// ErrRoleExists means that a role to be created already exists.
	ErrRoleExists = errs.New("etcd: role exists")

	// ErrAlreadyGranted means that a user already has a role, or a role a pattern, that was to be granted.
	ErrAlreadyGranted = errs.New("etcd: already granted")

	// ErrNotGranted means that a user does not have a role, or a role the patterns, that were to be revoked.
	ErrNotGranted = errs.New("etcd: not granted")

	// ErrNoRootUser means that authentication cannot be enabled, because the user root does not exist.
	ErrNoRootUser = errs.New("etcd: no user root")

	// ErrAuthEnabled means that the call is not possible while authentication is on.
	ErrAuthEnabled = errs.New("etcd: authentication is on")

	// ErrAuthNotReady means that the members have not yet agreed on a version that supports authentication: on
	// etcd 2.x in the first moments after a start, and while a cluster is upgraded from 2.0. Nothing was done.
	// Retry the call.
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

// Auth manages the authentication of a cluster, which etcd has since 2.1: whether it is on, users, and roles.
// While it is on, every call except Enabled needs the user root. Client.Auth returns one; the zero value is not
// usable. Every call can return
//
//   - ErrInvalidArgument for what etcd would misread, before anything is sent,
//   - ErrUnauthorized if the client's user is not root,
//   - ErrNotSupported from servers before 2.1 and from servers without the v2 API,
//   - ErrAuthNotReady,
//   - ErrOutcomeUnknown for a write, as for a write of a key.
//
// Passwords are in no error. Reads are answered from the member's own copy, which may be behind.
type Auth struct{ client *Client }

// Auth returns the API for authentication, users and roles.
func (c *Client) Auth() *Auth { return &Auth{c} }

// Enabled reports whether authentication is on. It needs no credentials.
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

// Enable enables authentication. It does nothing if authentication is already on. It returns ErrNoRootUser if
// the user root does not exist. The client needs root's credentials for all later calls.
//
// From then on, clients without credentials have the role guest. If that role does not exist, etcd creates it
// with the permission to read and write everything. Revoke that permission, or delete the role, to keep out
// unknown clients.
func (a *Auth) Enable(ctx context.Context) error {
	err := a.client.change(ctx, gen.NewEnableAuthRequest(), isEmpty)
	return ignoring(explainAuth(err), "auth: already enabled")
}

// Disable disables authentication, so that every client may do everything. It does nothing if authentication is
// already off. Users and roles are kept.
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
