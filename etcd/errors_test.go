package etcd

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

func TestErrorTellsRequestReplyAndMember(t *testing.T) {
	err := &Error{
		Code: ErrKeyNotFound, Message: "Key not found", Cause: "/a", Index: 8, StatusCode: 404,
		Method: "GET", Path: "/v2/keys/a/b", Endpoint: "http://10.0.0.1:2379",
	}
	check(t, "full text", err.Error(),
		"etcd: GET /v2/keys/a/b: Key not found (/a) [status 404, code 100, index 8, http://10.0.0.1:2379]")
	err.Code, err.Cause, err.Index = 0, "", 0
	check(t, "text without what the reply left out", err.Error(),
		"etcd: GET /v2/keys/a/b: Key not found [status 404, http://10.0.0.1:2379]")
}

// A server that expects TLS says so in words of its own, and says nothing to a HEAD.
func TestErrorOfAServerThatExpectsTLSSaysWhatToDo(t *testing.T) {
	page := Error{StatusCode: 400, Method: "GET", Path: "/v2/keys/k", Endpoint: "http://a:2379"}
	for name, test := range map[string]struct {
		change func(*Error)
		want   bool
	}{
		"Go":             {func(e *Error) { e.Message = "Client sent an HTTP request to an HTTPS server." }, true},
		"nginx":          {func(e *Error) { e.Message = "The plain HTTP request was sent to HTTPS port" }, true},
		"Apache":         {func(e *Error) { e.Message = "You're speaking plain HTTP to an SSL-enabled server port." }, true},
		"HEAD":           {func(e *Error) { e.Message, e.Method = "Bad Request", "HEAD" }, true},
		"another page":   {func(e *Error) { e.Message = "Bad Request" }, false},
		"etcd":           {func(e *Error) { e.Message, e.Code = "HTTPS", ErrInvalidForm }, false},
		"another status": {func(e *Error) { e.Message, e.StatusCode = "HTTPS", 403 }, false},
		"TLS was in use": {func(e *Error) { e.Message, e.Endpoint = "HTTPS", "https://a:2379" }, false},
	} {
		err := page
		test.change(&err)
		if got := strings.HasSuffix(err.Error(), "]; the server may expect TLS: then the endpoint begins with https://"); got != test.want {
			t.Errorf("%s: %v", name, err.Error())
		}
	}
}

func TestErrorWithoutCodeUnwrapsToNothing(t *testing.T) {
	if inner := errors.Unwrap(&Error{StatusCode: 502}); inner != nil {
		t.Errorf("unwraps to %v", inner)
	}
}

func TestClusterErrorListsAttemptsInOrderAndUnwrapsToEach(t *testing.T) {
	err := error(&ClusterError{Method: "PUT", Path: "/v2/keys/a", Attempts: []Attempt{
		{"http://a", 1234567 * time.Nanosecond, syscall.ECONNREFUSED},
		{"http://b", 2 * time.Second, &Error{Code: ErrRaftInternal, Message: "m", StatusCode: 500}},
		{"http://c", 0, io.ErrUnexpectedEOF},
	}})
	text := err.Error()
	first, second, third := strings.Index(text, "http://a after 1ms: connection refused; "),
		strings.Index(text, "http://b after 2s: : m [status 500, "), strings.Index(text, "http://c after 0s: unexpected EOF")
	if !strings.HasPrefix(text, "etcd: PUT /v2/keys/a: ") || first < 0 || second < first || third < second {
		t.Errorf("text is %q", text)
	}
	checkIs(t, err, syscall.ECONNREFUSED, ErrRaftInternal, io.ErrUnexpectedEOF)
	checkNot(t, err, ErrOutcomeUnknown, ErrInvalidArgument, io.EOF)
}

func TestClusterErrorSaysThatTheOutcomeIsUnknown(t *testing.T) {
	err := error(&ClusterError{Method: "PUT", Path: "/v2/keys/a", Attempts: []Attempt{{"http://a", 0, io.EOF}}, unknown: true})
	checkIs(t, err, ErrOutcomeUnknown, io.EOF)
	if text := err.Error(); !strings.Contains(text, "outcome unknown") {
		t.Errorf("text is %q", text)
	}
}

func TestArgumentErrorMatchesOnlyErrInvalidArgument(t *testing.T) {
	err := errs.Invalidf("key %q", "a")
	check(t, "text", err.Error(), `etcd: key "a"`)
	checkIs(t, err, ErrInvalidArgument)
	checkNot(t, err, ErrOutcomeUnknown, ErrClosed, ErrKeyNotFound)
}

// Proxies answer with pages, and keys may hold line breaks.
func TestErrorIsOneLine(t *testing.T) {
	s := serve(t, text(502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"), refusing(404, 100, "/a", 3))
	client := connect(t, s.url)
	for _, key := range []string{"/k", "/a\nb"} {
		if _, err := client.Get(t.Context(), key); strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q", err.Error())
		}
	}
}

// Two members behind one gateway differ in nothing else.
func TestErrorNamesTheEndpointWithItsPath(t *testing.T) {
	s := serve(t, refusing(404, ErrKeyNotFound, "/k", 3))
	_, err := connect(t, s.url+"/one").Get(t.Context(), "/k")
	var reply *Error
	if errors.As(err, &reply) {
		check(t, "endpoint", reply.Endpoint, s.url+"/one")
	}
}
