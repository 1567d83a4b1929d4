package etcd

import (
	"errors"
	"net/http"
	"strings"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/errs"
)

// ErrNotSupported means that no member supports the call. All are too old or too new, were started without the v2
// API, or listen at their URLs for other members and not for clients. From etcd 3.4 on, a server supports only
// Version, unless it was started with --enable-v2. The error names the version of one member. Nothing was done.
var ErrNotSupported = errs.New("etcd: not supported by the server")

// reason is what a reply of a status and with words that begin so means. Off the keys etcd sends no codes,
// only words. The words of a name that a user chose never come first in them.
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

// explain returns err with the reason that the server's words stand for, if they stand for one.
func explain(err error, reasons ...reason) error {
	var reply *Error
	if !errors.As(err, &reply) || reply.Code != 0 {
		return err
	}
	for _, list := range [][]reason{reasons, commonReasons} {
		for _, r := range list {
			if reply.StatusCode == r.status && strings.HasPrefix(reply.Message, r.words) {
				return &explained{r.err, err}
			}
		}
	}
	return err
}

// explained is the error of a reply with the reason that it stands for.
type explained struct{ reason, err error }

func (e *explained) Error() string   { return explainedText(e.reason, e.err) }
func (e *explained) Unwrap() []error { return []error{e.reason, e.err} }

// explainedText returns the text of err with the reason in it, after the request if err is a reply.
func explainedText(reason, err error) string {
	text := errs.Bare(reason).Error() + ": "
	if reply, ok := err.(*Error); ok { //nolint:errorlint // one that wraps a reply has a text of its own
		return reply.text(text)
	}
	return "etcd: " + text + errs.Bare(err).Error()
}

// missingPage is what etcd, and every server written in Go, says of a path that it does not have.
const missingPage = "404 page not found"

// isMissingPage reports whether a reply is that page.
func isMissingPage(reply cluster.Reply, said *Error) bool {
	return reply.StatusCode == http.StatusNotFound && said.Code == 0 && said.Message == missingPage
}

// notSupportedError is the answer of a server that does not have the path; see errors_advice.go for its text.
type notSupportedError struct {
	version string // of the server; empty where it does not tell
	reply   error
}

func (e *notSupportedError) Is(target error) bool { return target == ErrNotSupported }
func (e *notSupportedError) Unwrap() error        { return e.reply }
