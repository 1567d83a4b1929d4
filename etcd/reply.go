package etcd

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/foreign"
)

// The limits of replies. Etcd's own refusals are short. The only long one is that of a comparison, which quotes
// the value that is stored, and its first part says all that is needed.
const (
	mostRefusalBytes = 64 << 10 // read of a reply that is not a success
	mostTextBytes    = 64 << 20 // of an answer that is not about keys: members, users, roles, statistics
	mostShown        = 200      // of a text that is not etcd's
)

func isSuccess(reply cluster.Reply) bool { return reply.StatusCode >= 200 && reply.StatusCode < 300 }

// readRefusal reads the beginning of a reply that is not used otherwise.
func readRefusal(reply cluster.Reply) ([]byte, error) {
	return io.ReadAll(io.LimitReader(reply.Body, mostRefusalBytes))
}

// unserved sorts a reply that says that the server does not serve the request at all, and returns false for
// any other. Nothing was done then:
//
//   - the page of a server without the path, in the words of Go's net/http: etcd before the path existed,
//     and etcd 3.4 and later without the v2 API,
//   - an empty 501: etcd's proxy for reads,
//   - a 503 of etcd's proxy that knows no members,
//   - a 307 of a follower of etcd 0.x, which names the leader. Later versions never redirect,
//   - a 500 of a follower of etcd 0.x that knows of no leader. Later versions have a cause and an ID,
//   - a redirect from a path with empty segments to the clean one, which Go's net/http sends before anything
//     is done. An endpoint that ends in a slash too many leads there.
//
// For a write, the cluster asks once more whether it is so: a gateway could have passed the write on before.
func unserved(reply cluster.Reply, said *Error) (verdict cluster.Verdict, ok bool) {
	verdict = cluster.Verdict{Outcome: cluster.NotServed, Err: said}
	switch {
	case isMissingPage(reply, said):
		verdict.Missing = true
	case reply.StatusCode == http.StatusNotImplemented && said.Message == http.StatusText(http.StatusNotImplemented):
	case reply.StatusCode == http.StatusServiceUnavailable && said.Message == noEndpoints:
	case cleansPath(reply):
	case leaderNamed(reply) != "":
		verdict.Leader = leaderNamed(reply)
		said.Cause = "redirects to " + foreign.Line(verdict.Leader, mostShown)
	case said.Code == ErrRaftInternal && said.Cause == "" && reply.Author == cluster.Unidentified && cluster.TellsIndex(reply.Response):
		verdict.NoLeader = true
	default:
		return cluster.Verdict{}, false
	}
	return verdict, cluster.IDOf(reply.Response) == ""
}

// noEndpoints are the words of etcd's proxy that knows no members (etcd 2.0 to 3.5).
const noEndpoints = "proxy: zero endpoints currently available"

// cleansPath reports whether a reply redirects to the path of its request, cleaned.
func cleansPath(reply cluster.Reply) bool {
	to, err := url.Parse(reply.Header.Get("Location"))
	sent := reply.Request.URL.Path
	return reply.StatusCode/100 == 3 && err == nil && to.Host == "" && to.Path != sent && to.Path == path.Clean(sent)
}

// leaderNamed returns the URL by which a follower of etcd 0.x names the leader, or "". It names the same path.
func leaderNamed(reply cluster.Reply) string {
	location := reply.Header.Get("Location")
	if reply.StatusCode != http.StatusTemporaryRedirect || location == "" || reply.Author != cluster.Unidentified {
		return ""
	}
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || !strings.HasSuffix(reply.Request.URL.Path, strings.TrimPrefix(u.Path, defaultVersionPrefix)) {
		return ""
	}
	return location
}

// disown takes from e, which is not the refusal of the call, the code that would say so. The codes that
// etcd sends with a 5xx say that it has failed, and remain.
func (e *Error) disown(reply cluster.Reply) {
	failure := e.Code == ErrRaftInternal || e.Code == ErrLeaderElect
	if e.Code == 0 || reply.StatusCode >= 500 && failure {
		return
	}
	e.Cause = fmt.Sprintf("not the answer to this request: code %d, cause %q", int(e.Code), e.Cause)
	e.Code = 0
}

// strange returns the verdict on a reply that is not the answer of a member to the request. It settles
// nothing: a gateway may have passed a write on before it answered by itself.
func strange(reply cluster.Reply, text []byte, why string) cluster.Verdict {
	return cluster.Verdict{Err: foreignError(reply, text, why)}
}

// decodeError turns a reply that is not a success into an *Error, whose words are not masked yet if they are
// JSON like etcd's. If its text was truncated, the fields that were read remain, and the index of the header,
// which is the same.
func decodeError(reply cluster.Reply, text []byte) *Error {
	if reply.StatusCode >= 300 && reply.StatusCode < 400 {
		return foreignError(reply, nil, "redirect not followed: "+foreign.Line(foreign.Mask(reply.Header.Get("Location"), reply.Request), mostShown))
	}
	if reply.Request.Method == http.MethodHead {
		return headError(reply)
	}
	wire := gen.EtcdError{}
	if len(text) == mostRefusalBytes {
		wire = decodeBeginning(text)
		wire.Index = cluster.IndexOf(reply.Response)
	} else if json.Unmarshal(text, &wire) != nil {
		wire = gen.EtcdError{}
	}
	if wire.Message == "" {
		return foreignError(reply, text, "")
	}
	e := newError(reply, wire.Message)
	e.Code, e.Cause, e.Index = ErrorCode(wire.ErrorCode), wire.Cause, wire.Index
	return e
}

// masked returns e, which a stranger has sent, without the credentials of the request. Etcd's own words are
// left as they are: they quote no credentials, and a key may have the name of a password.
func (e *Error) masked(reply cluster.Reply) *Error {
	e.Message, e.Cause = foreign.Mask(e.Message, reply.Request), foreign.Mask(e.Cause, reply.Request)
	return e
}

// decodeBeginning decodes the beginning of an error that is too long to be read: its code and its message,
// which come first.
func decodeBeginning(text []byte) gen.EtcdError {
	var wire gen.EtcdError
	d := json.NewDecoder(strings.NewReader(string(text)))
	for range 5 { // {, errorCode, its value, message, its value
		name, err := d.Token()
		if err != nil {
			return gen.EtcdError{}
		}
		switch name {
		case "errorCode":
			err = d.Decode(&wire.ErrorCode)
		case "message":
			err = d.Decode(&wire.Message)
		}
		if err != nil {
			return gen.EtcdError{}
		}
		if wire.Message != "" {
			break
		}
	}
	wire.Cause = fmt.Sprintf("longer than %d bytes", mostRefusalBytes)
	return wire
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
	if cluster.TellsIndex(reply.Response) {
		e.Code = headCodes[reply.StatusCode]
		e.Index = cluster.IndexOf(reply.Response)
	}
	return e
}

// foreignError returns the error for a reply that is not etcd's JSON, such as a proxy's page or a redirect.
func foreignError(reply cluster.Reply, body []byte, why string) *Error {
	text := foreign.Line(foreign.Mask(string(body[:min(len(body), mostRefusalBytes)]), reply.Request), mostShown)
	if text == "" {
		text = http.StatusText(reply.StatusCode)
	}
	e := newError(reply, text)
	e.Cause = foreign.Mask(why, reply.Request)
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
		term:       cluster.HeaderNumber(reply.Response, "X-Raft-Term"),
	}
}
