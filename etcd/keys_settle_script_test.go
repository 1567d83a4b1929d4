package etcd

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const token = "t0ken" // the value that nobody else writes

// script is a member by kind of request: the replies of a kind are taken in order, and the last one stays. A
// kind without replies is the test's failure.
type script struct {
	head, write, read, poll []http.HandlerFunc
	mixed                   bool // the client takes any cluster's answers
}

// client returns a client in the bubble whose only member follows s, and that member.
func (s *script) client(t *testing.T) (*Client, *server) {
	t.Helper()
	var net network
	member := net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
		kind := &s.write
		switch {
		case r.Method == http.MethodHead:
			kind = &s.head
		case r.Method == http.MethodGet && isPoll(r):
			kind = &s.poll
		case r.Method == http.MethodGet:
			kind = &s.read
		}
		if len(*kind) == 0 {
			t.Errorf("unexpected request %s %s", r.Method, r.RequestURI)
			return
		}
		reply := (*kind)[0]
		if len(*kind) > 1 {
			*kind = (*kind)[1:]
		}
		reply(w, r)
	})
	config := Config{Endpoints: []string{"http://a"}}
	if s.mixed {
		config.ClusterID = AnyCluster
	}
	return net.connect(t, config), member
}

type replies = []http.HandlerFunc

// Parts of scripts. The store was at 7 before the write.
var (
	before  = replies{keys(200, 7, "")}
	failing = text(503, "")                                       // of a read
	noWord  = text(504, "")                                       // the write may have been applied
	exists  = refusing(412, ErrNodeExist, "/k", 9)                // Create's refusal
	differs = refusing(412, ErrCompareFailed, "[5 != 9]", 9)      // CompareAndSwap's
	mine    = file("get", "/k", token, 8)                         // the write is there
	theirs  = file("get", "/k", "other", 9)                       // somebody wrote after 7
	earlier = file("get", "/k", "other", 7)                       // somebody wrote before
	gone    = refusing(404, ErrKeyNotFound, "/k", 9)              // nothing is there
	nothing = refusing(404, ErrKeyNotFound, "/k", 7)              // nothing has happened at all
	cleared = refusing(400, ErrEventIndexCleared, "[9000/8]", 99) // the history does not reach back
)

// The calls that can settle, each with a value of its own.
var (
	create = func(ctx context.Context, c *Client) (*Response, error) {
		return c.Create(ctx, "/k", token, WithUniqueValue())
	}
	swapByIndex = func(ctx context.Context, c *Client) (*Response, error) {
		return c.CompareAndSwap(ctx, "/k", token, Prev{Index: 5}, WithUniqueValue())
	}
	swapByValue = func(ctx context.Context, c *Client) (*Response, error) {
		return c.CompareAndSwap(ctx, "/k", token, Prev{Value: "old"}, WithUniqueValue())
	}
	inOrderOf = func(ctx context.Context, c *Client) (*Response, error) {
		return c.CreateInOrder(ctx, "/k", token, WithUniqueValue())
	}
)

// settling is a call, a script, and how the call is to end.
type settling struct {
	name   string
	call   func(context.Context, *Client) (*Response, error)
	script script
	want   string   // "action key@index", or empty for an error
	err    error    // that error
	sent   []string // all that was sent; nil if that is left to chance
}

func (s *settling) check(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, member := s.script.client(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		resp, err := s.call(ctx, client)
		got := ""
		if err == nil {
			got = eventLine(resp)
			check(t, "value", resp.Node.Value, token)
			check(t, "response's index", resp.Index, resp.Node.ModifiedIndex)
		} else {
			checkIs(t, err, s.err)
			checkOnly(t, err, s.err)
		}
		check(t, "response", got, s.want)
		if s.sent != nil {
			// A poll is made again to prove that the first one missed nothing.
			again := func(a, b string) bool { return a == b && strings.Contains(a, "wait=true") }
			check(t, "requests", slices.CompactFunc(expected(member.got(), s.sent), again), s.sent)
		}
	})
}

// checkOnly fails if err is also another outcome than want: the two exclude each other.
func checkOnly(t *testing.T, err, want error) {
	t.Helper()
	for _, other := range []error{ErrOutcomeUnknown, ErrNodeExist, ErrCompareFailed, ErrKeyNotFound} {
		if !errors.Is(want, other) {
			checkNot(t, err, other)
		}
	}
}

func eventLine(resp *Response) string {
	return string(resp.Action) + " " + resp.Node.Key + "@" + strconv.FormatUint(resp.Node.ModifiedIndex, 10)
}

// Lines that are sent.
const (
	headLine   = "HEAD /v2/keys/k"
	createLine = "PUT /v2/keys/k?prevExist=false value=" + token
	swapLine   = "PUT /v2/keys/k?prevIndex=5 value=" + token
	postLine   = "POST /v2/keys/k value=" + token
	readLine   = "GET /v2/keys/k?quorum=true"
	pollLine   = "GET /v2/keys/k?wait=true&waitIndex=8"
	pollLine9  = "GET /v2/keys/k?wait=true&waitIndex=9"
	deepLine   = "GET /v2/keys/k?recursive=true&wait=true&waitIndex=8"
	deepLine9  = "GET /v2/keys/k?recursive=true&wait=true&waitIndex=9"
)

// unique calls are those that WithUniqueValue settles.
var unique = map[string]func(context.Context, *Client) (*Response, error){
	"Create": create, "CompareAndSwap by index": swapByIndex, "CompareAndSwap by value": swapByValue, "CreateInOrder": inOrderOf,
}

// inTerm answers as reply does, in another raft term.
func inTerm(term string, reply http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { reply(termWriter{w, term}, r) }
}

type termWriter struct {
	http.ResponseWriter
	term string
}

func (w termWriter) WriteHeader(status int) {
	w.Header().Set("X-Raft-Term", w.term)
	w.ResponseWriter.WriteHeader(status)
}
