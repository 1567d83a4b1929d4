package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// ErrNotSupported says that the server does not have what was asked for: it is too old, too new, or
// was started without the v2 API. Nothing was done.
var ErrNotSupported = errors.New("not supported by the server")

// reason is what a reply of a status and with words that begin so means. Off the keys etcd sends no
// codes, only words.
type reason struct {
	status int
	words  string
	err    error
}

// The reasons that there can be for every reply that has no code.
var commonReasons = []reason{
	{http.StatusUnauthorized, "", ErrUnauthorized},
	{http.StatusInternalServerError, notCapable, ErrAuthNotReady},
}

// explain returns err with the reason that the server's words stand for, if they stand for one. what
// names in the plural what was asked for.
func (c *Client) explain(ctx context.Context, what string, err error, reasons ...reason) error {
	var reply *Error
	if !errors.As(err, &reply) || reply.Code != 0 {
		return err
	}
	if isMissingPage(reply) {
		return &notSupportedError{c.lacking(ctx, what, reply), err}
	}
	for _, list := range [][]reason{reasons, commonReasons} {
		for _, r := range list {
			if reply.StatusCode == r.status && strings.HasPrefix(reply.Message, r.words) {
				return fmt.Errorf("%w: %w", r.err, err)
			}
		}
	}
	return err
}

// missingPage is what etcd, and every server written in Go, says of a path that it does not have.
const missingPage = "404 page not found"

// isMissingPage reports whether reply is that page.
func isMissingPage(reply *Error) bool {
	return reply.StatusCode == http.StatusNotFound && reply.Message == missingPage
}

// lacking says which version the member that has sent reply is of, and so why it lacks what.
func (c *Client) lacking(ctx context.Context, what string, reply *Error) string {
	version := ""
	if m, err := c.cluster.memberAt(reply.Endpoint); err == nil {
		version = c.cluster.versionOf(ctx, m)
	}
	switch {
	case version == "":
		return fmt.Sprintf("etcd: %s are not supported by the server, which does not tell its version", what)
	case atLeast(version, 3, 6, 0):
		return fmt.Sprintf("etcd: %s are not supported by etcd %s, which has no v2 API", what, version)
	case atLeast(version, 3, 4, 0):
		return fmt.Sprintf("etcd: %s are not supported by etcd %s as it was started, without --enable-v2", what, version)
	}
	return fmt.Sprintf("etcd: %s are not supported by etcd %s", what, version)
}

type notSupportedError struct {
	text  string
	reply error
}

func (e *notSupportedError) Error() string        { return e.text + ": " + e.reply.Error() }
func (e *notSupportedError) Is(target error) bool { return target == ErrNotSupported }
func (e *notSupportedError) Unwrap() error        { return e.reply }

// done returns nil for the reply to a write that says yes in the way etcd does where it has nothing to
// tell: with an empty body.
func done(resp *http.Response, err error) error {
	body, err := readBody(resp, err)
	if err != nil {
		return err
	}
	if len(body) > 0 {
		return strangeYes(foreign(resp, body, "an empty body is etcd's yes"))
	}
	return nil
}

// strangeYes is the error for a yes to a write in words that etcd does not use.
func strangeYes(err error) error { return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err) }
