package etcd

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// call is a call and the one request that it must become.
type call struct {
	name string
	do   func(context.Context, *Client) (*Response, error)
	want string
}

// checkWire makes each call at a server of its own that answers with reply.
func checkWire(t *testing.T, reply http.HandlerFunc, calls []call) {
	t.Helper()
	for _, call := range calls {
		t.Run(call.name, func(t *testing.T) {
			s := serve(t, reply)
			if _, err := call.do(t.Context(), connect(t, s.url)); err != nil {
				t.Error(err)
			}
			check(t, "requests", s.got(), []string{call.want})
		})
	}
}

// unsendable are calls that each must be ErrInvalidArgument and send nothing.
type unsendable map[string]func(context.Context, *Client) error

func (calls unsendable) check(t *testing.T) {
	t.Helper()
	s := serve(t, file("get", "/k", "v", 3))
	client := connect(t, s.url)
	for name, do := range calls {
		t.Run(name, func(t *testing.T) { checkIs(t, do(t.Context(), client), ErrInvalidArgument) })
	}
	check(t, "requests", s.got(), []string(nil))
}

func TestGetOnTheWire(t *testing.T) {
	get := func(key string, opts ...GetOption) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) { return c.Get(ctx, key, opts...) }
	}
	checkWire(t, granting(3), []call{
		{"plain", get("/k"), "GET /v2/keys/k"},
		{"no leading slash", get("a/b"), "GET /v2/keys/a/b"},
		{"root", get("/"), "GET /v2/keys/"},
		{"escaped", get("/a b/c?d#e%2Ff+ü"), "GET /v2/keys/a%20b/c%3Fd%23e%252Ff+%C3%BC"},
		{"recursive", get("/k", WithRecursive()), "GET /v2/keys/k?recursive=true"},
		{"sorted", get("/k", WithSorted()), "GET /v2/keys/k?sorted=true"},
		{"quorum", get("/k", WithQuorum()), "GET /v2/keys/k?quorum=true"},
		{"all", get("/k", WithQuorum(), WithSorted(), WithRecursive()), "GET /v2/keys/k?recursive=true&sorted=true&quorum=true"},
	})
}

func TestGetReturnsWhatTheServerSays(t *testing.T) {
	s := serve(t, keys(200, 20, `{"action":"get","node":{"key":"/d","dir":true,"nodes":[{"key":"/d/f","value":"1","ttl":5,`+
		`"expiration":"2026-11-22T08:55:53Z","modifiedIndex":12,"createdIndex":11}],"modifiedIndex":9,"createdIndex":9}}`))
	got, err := connect(t, s.url).Get(t.Context(), "/d")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "response", got, &Response{
		Action: ActionGet, Index: 20, RaftIndex: 1020, RaftTerm: 2, ClusterID: "7e27652122e8b2ae",
		Node: &Node{Key: "/d", Dir: true, ModifiedIndex: 9, CreatedIndex: 9, Nodes: []*Node{{
			Key: "/d/f", Value: "1", TTL: 5 * time.Second, Expiration: time.Date(2026, 11, 22, 8, 55, 53, 0, time.UTC),
			ModifiedIndex: 12, CreatedIndex: 11,
		}}},
	})
}

func TestExists(t *testing.T) {
	tests := []struct {
		name  string
		reply http.HandlerFunc
		want  bool
		fails bool
	}{
		{"file", granting(8), true, false},
		{"directory", directory("/k", 8), true, false},
		{"more than is read", keys(200, 8, `{"action":"get","node":{"key":"/k","dir":true,"nodes":[`+strings.Repeat(" ", 1<<20)), true, false},
		{"more of another key", keys(200, 8, `{"action":"get","node":{"key":"/other","nodes":[`+strings.Repeat(" ", 1<<20)), false, true},
		{"missing", refusing(404, ErrKeyNotFound, "/k", 8), false, false},
		{"below a file", refusing(400, ErrNotDir, "/", 8), false, false},
		{"not allowed", refusing(401, ErrUnauthorized, noRights, 0), false, true},
		// Some other server's 404 says nothing of the key.
		{"not etcd", text(404, ""), false, true},
		{"broken", text(500, ""), false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, test.reply)
			got, err := connect(t, s.url).Exists(t.Context(), "/k")
			if got != test.want || err != nil != test.fails {
				t.Errorf("got %t, %v", got, err)
			}
			check(t, "requests", s.got()[:1], []string{"GET /v2/keys/k"})
		})
	}
}

// Etcd 0.4 tells no cluster's ID; nor does any web server. The body tells the two apart.
func TestExistsOnEtcd0(t *testing.T) {
	for name, test := range map[string]struct {
		get           http.HandlerFunc
		want, strange bool
	}{
		"file":          {nameless(granting(8)), true, false},
		"directory":     {nameless(directory("/k", 8)), true, false},
		"gone since":    {nameless(refusing(404, ErrKeyNotFound, "/k", 9)), false, false},
		"a web server":  {text(200, "<html>welcome</html>"), false, true},
		"another's key": {nameless(file("get", "/other", "v", 8)), false, true},
	} {
		s := serve(t, test.get)
		got, err := connect(t, s.url).Exists(t.Context(), "/k")
		check(t, name, []any{got, err != nil, Retryable(err)}, []any{test.want, test.strange, test.strange})
		check(t, name+": requests", s.got(), []string{"GET /v2/keys/k"})
	}
}

// Where the cluster has an ID, a success without it is nobody's answer, and nothing is asked again.
func TestExistsIsNotToldByAStranger(t *testing.T) {
	stranger, member := serve(t, text(200, "")), serve(t, refusing(404, ErrKeyNotFound, "/k", 8))
	client := connectWith(t, Config{Endpoints: []string{stranger.url, member.url}, ClusterID: "7e27652122e8b2ae"})
	got, err := client.Exists(t.Context(), "/k")
	check(t, "there, error", []any{got, err}, []any{false, nil})
	check(t, "requests to the stranger", stranger.got(), []string{"GET /v2/keys/k"})
}

func TestReadsOfKeysThatCannotBeSendNothing(t *testing.T) {
	unsendable{
		"get":        func(ctx context.Context, c *Client) error { _, err := c.Get(ctx, ""); return err },
		"exists":     func(ctx context.Context, c *Client) error { _, err := c.Exists(ctx, "/a/../b"); return err },
		"watch once": func(ctx context.Context, c *Client) error { _, err := c.WatchOnce(ctx, "/a//b"); return err },
		"watch": func(ctx context.Context, c *Client) error {
			pairs := 0
			var last error
			for event, err := range c.Watch(ctx, "\xff") {
				if pairs++; pairs > 1 || event != nil {
					t.Errorf("pair %d has event %v", pairs, event)
				}
				last = err
			}
			return last
		},
	}.check(t)
}
