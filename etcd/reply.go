package etcd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

func isSuccess(reply cluster.Reply) bool { return reply.StatusCode >= 200 && reply.StatusCode < 300 }

// refusal sorts a reply that is not a success. If secret is set, the request carries a password, which the
// reply may quote.
func refusal(reply cluster.Reply, text []byte, secret bool) (*Error, cluster.Verdict) {
	err := decodeError(reply, text, secret)
	verdict := cluster.Verdict{Outcome: cluster.Refused, Err: err, Index: err.Index, Missing: isMissingPage(err)}
	if reply.StatusCode == http.StatusTemporaryRedirect {
		verdict.Leader = reply.Header.Get("Location")
	}
	if reply.StatusCode >= 500 && !refused(err) {
		verdict.Outcome = cluster.Unknown
	}
	return err, verdict
}

// refusalOnKeys sorts a reply to a call on keys that is not a success.
func refusalOnKeys(reply cluster.Reply, text []byte, want intent) cluster.Verdict {
	said, verdict := refusal(reply, text, false)
	if want == toReadCopy && said.Code == ErrKeyNotFound && said.Index < reply.Seen {
		err := fmt.Errorf("does not have the key, but is behind: at index %d, %d has been seen", said.Index, reply.Seen)
		verdict = cluster.Verdict{Outcome: cluster.Unknown, Err: err}
	}
	return verdict
}

// refused reports whether a 5xx reply is a refusal. Most leave the outcome of a write unknown.
func refused(err *Error) bool {
	// 501 is a read-only proxy's answer to a write. A cause that begins with nodePath comes from applying the
	// write, when etcd 3.5 fails to update a directory's TTL; timeouts have other causes. A server replies
	// notCapable before it checks anything else.
	return err.StatusCode == http.StatusNotImplemented || strings.HasPrefix(err.Cause, "nodePath ") ||
		strings.HasPrefix(err.Message, notCapable)
}

// decodeError turns a reply that is not a success into an *Error.
func decodeError(reply cluster.Reply, text []byte, secret bool) *Error {
	if reply.StatusCode >= 300 && reply.StatusCode < 400 {
		return foreign(reply, nil, "redirect not followed: "+reply.Header.Get("Location"))
	}
	if reply.Request.Method == http.MethodHead {
		return headError(reply)
	}
	var wire gen.Error
	if json.Unmarshal(text, &wire) != nil || wire.Message == "" {
		if secret && string(bytes.TrimSpace(text)) != missingPage {
			text = nil
		}
		return foreign(reply, text, "")
	}
	if secret && !isEtcdsWord(wire.Message) {
		return foreign(reply, nil, "")
	}
	e := newError(reply, wire.Message)
	e.Code, e.Cause, e.Index = ErrorCode(wire.ErrorCode), wire.Cause, wire.Index
	return e
}

// headCodes maps the status of a reply to a HEAD without parameters to a code, because such a reply has no
// body to carry it.
var headCodes = map[int]ErrorCode{
	http.StatusNotFound:     ErrKeyNotFound,
	http.StatusBadRequest:   ErrNotDir,
	http.StatusUnauthorized: ErrUnauthorized,
}

func headError(reply cluster.Reply) *Error {
	e := newError(reply, http.StatusText(reply.StatusCode))
	// Only etcd sends the index; the 404 of another server says nothing about a key.
	if reply.Header.Get("X-Etcd-Index") != "" {
		e.Code = headCodes[reply.StatusCode]
		e.Index = cluster.IndexOf(reply.Response)
	}
	return e
}

// foreign returns the error for a reply that is not etcd's JSON, such as a proxy's page or a redirect.
func foreign(reply cluster.Reply, body []byte, why string) *Error {
	const shown = 200
	text := strings.ToValidUTF8(string(bytes.TrimSpace(body[:min(len(body), shown)])), "")
	switch {
	case text == "":
		text = http.StatusText(reply.StatusCode)
	case len(body) > shown:
		text += "…"
	}
	e := newError(reply, text)
	e.Cause = why
	return e
}

func newError(reply cluster.Reply, message string) *Error {
	return &Error{
		Message:    message,
		StatusCode: reply.StatusCode,
		Method:     reply.Request.Method,
		Path:       reply.Request.URL.Path,
		Endpoint:   reply.Endpoint,
		cluster:    cluster.IDOf(reply.Response),
	}
}

// wordsOnUsers are the prefixes of the messages of etcd and its proxy for requests that may carry a password.
var wordsOnUsers = []string{"auth: ", "User JSON ", "Invalid ", "Insufficient credentials", "Internal Server Error", notCapable, "proxy: "}

// isEtcdsWord reports whether message is one of etcd's for requests that may carry a password. Other messages
// are not shown: a server that answers in etcd's place may quote the request.
func isEtcdsWord(message string) bool {
	return slices.ContainsFunc(wordsOnUsers, func(words string) bool { return strings.HasPrefix(message, words) })
}
