package contract

import (
	"net/http"
	"slices"
	"strings"
)

// A subject is a table of cases about one thing.
type subject struct {
	name  string
	on    fixture
	story bool // the cases build on each other, in their order
	cases []testCase
}

// A testCase is one request and what is answered.
//
// A request is written as a method, a path and a body: "PUT /a?prevExist=true value=x&ttl=5". The path is a key below a
// directory of the case's own, unless it begins with /v2/, /health or /version. The body is a form as it stands, or JSON;
// another Content-Type stands before it in round brackets. "bob:secret@GET /a" is sent with credentials. In curly brackets
// stands a fact of the answer to the request before: {node.modifiedIndex}, {@X-Etcd-Index}, {@X-Etcd-Index+1}; or
// {4096 bytes}, which is so many.
type testCase struct {
	name    string
	given   []string // requests that come first and succeed; "3 * PUT /a value=x" is sent three times
	request string
	during  []string // requests that are sent when the head of the answer has come
	events  int      // so many documents are read, and then no more
	until   bool     // the request is repeated until the answer is as wanted
	apart   bool     // it has a connection of its own, the first request of which is its first
	breaks  bool     // a request of the case is not as the description wants it, on purpose
	notFor  string   // why it is not for the cluster of somebody else
	want    []answer // the first one for the server's version counts; with none, the case is not for that version
}

// An answer is what is wanted. Facts are written as
//
//	node.value = text     a field of the body has this text, in which ~ stands for the case's directory
//	node.a == node.b      two facts are the same; also !=, < and >, for numbers. @X-Etcd-Index is a header, and
//	                      given.node.a is taken from the answer before
//	has node, no node     a field is there, or is not
//	node.nodes.# = 2      a list has so many items
//	body = text, body ~ x the whole body as text, without the line's end; or a regular expression that it fits
type answer struct {
	on     string // versions: "", "<3.5", ">=2.3 <3.5"
	status int    // 0 if there is none
	also   int    // another status that will do, where it depends on what the server was built with
	code   int
	action string
	facts  []string
}

// always is the answer of all versions.
func always(status int, facts ...string) []answer { return []answer{{status: status, facts: facts}} }

// does is a success of all versions.
func does(status int, action string, facts ...string) []answer {
	return []answer{{status: status, action: action, facts: facts}}
}

// refuses is an error of all versions with an errorCode.
func refuses(status, code int, facts ...string) []answer {
	return []answer{{status: status, code: code, facts: facts}}
}

// says is an error of all versions with a message alone.
func says(status int, message string, facts ...string) []answer {
	return []answer{{status: status, facts: append([]string{"message = " + message, "no errorCode"}, facts...)}}
}

// unanswered is a connection that is closed without an answer.
var unanswered = []answer{{}}

// on makes an answer one of some versions only.
func on(versions string, answers []answer) []answer {
	answers = slices.Clone(answers) // which others may share
	answers[0].on = versions
	return answers
}

// either joins answers of different versions.
func either(answers ...[]answer) []answer {
	var all []answer
	for _, a := range answers {
		all = append(all, a...)
	}
	return all
}

// requests returns all requests that a case sends.
func (c testCase) requests() []string {
	return append(append([]string{c.request}, c.given...), c.during...)
}

// reads reports whether the case changes nothing.
func (c testCase) reads() bool {
	return !slices.ContainsFunc(c.requests(), func(text string) bool {
		_, method, _, _ := splitRequest(text)
		return !readsOnly(method)
	})
}

// leavesPrefix reports whether the case changes, or tries to change, anything but keys below its directory.
func (c testCase) leavesPrefix() bool {
	return slices.ContainsFunc(c.requests(), func(text string) bool {
		_, method, path, _ := splitRequest(text)
		return !readsOnly(method) && isAbsolute(path)
	})
}

func readsOnly(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// splitRequest takes a request's text apart. How often it is sent is not told.
func splitRequest(text string) (credentials, method, path, body string) {
	if _, rest, ok := strings.Cut(text, " * "); ok {
		text = rest
	}
	head, rest, _ := strings.Cut(text, " ")
	path, body, _ = strings.Cut(rest, " ")
	if user, verb, ok := strings.Cut(head, "@"); ok {
		return user, verb, path, body
	}
	return "", head, path, body
}
