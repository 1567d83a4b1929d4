package etcd

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
)

const token = "t0ken" // the value that nobody else writes

// script is a member by kind of request: the first one's replies are taken in order, the last of a
// kind stays. A kind without replies is the test's failure.
type script struct {
	head, write, read, poll []http.HandlerFunc
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
	return net.connect(t, Config{Endpoints: []string{"http://a"}}), member
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
	gone    = refusing(404, ErrKeyNotFound, "/k", 9)              // nothing is there
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
	sent   []string // all that was sent
}

func (s *settling) check(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, member := s.script.client(t)
		resp, err := s.call(t.Context(), client)
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
		check(t, "requests", expected(member.got(), s.sent), s.sent)
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

func TestRepeatableWriteIsSentAgainUntilItsOutcomeIsKnown(t *testing.T) {
	kinds := []struct {
		name    string
		call    func(context.Context, *Client) (*Response, error)
		action  string
		refused http.HandlerFunc
		err     error
		line    string
	}{
		{"Create", create, "create", exists, ErrNodeExist, createLine},
		{"CompareAndSwap by index", swapByIndex, "compareAndSwap", differs, ErrCompareFailed, swapLine},
	}
	for _, k := range kinds {
		done := file(k.action, "/k", token, 8)
		twice := slices.Clip([]string{headLine, k.line, k.line}) // every append makes its own
		for _, test := range []settling{
			{
				name: "known at once", script: script{head: before, write: replies{done}},
				want: k.action + " /k@8", sent: []string{headLine, k.line},
			},
			{
				name: "refused at once", script: script{head: before, write: replies{k.refused}},
				err: k.err, sent: []string{headLine, k.line},
			},
			{
				name: "not applied at first", script: script{head: before, write: replies{noWord, done}},
				want: k.action + " /k@8", sent: twice,
			},
			{
				name: "unknown twice", script: script{head: before, write: replies{noWord, hangup, done}},
				want: k.action + " /k@8", sent: append(twice, k.line),
			},
			{
				name: "applied, and still there", script: script{head: before, write: replies{noWord, k.refused}, read: replies{mine}},
				want: k.action + " /k@8", sent: append(twice, readLine),
			},
			{
				name: "applied, and overwritten",
				script: script{
					head: before, write: replies{noWord, k.refused}, read: replies{theirs},
					poll: replies{file(k.action, "/k", token, 8)},
				},
				want: k.action + " /k@8", sent: append(twice, readLine, pollLine),
			},
			{
				name: "applied, and deleted",
				script: script{
					head: before, write: replies{noWord, k.refused}, read: replies{gone},
					poll: replies{file(k.action, "/k", token, 8)},
				},
				want: k.action + " /k@8", sent: append(twice, readLine, pollLine),
			},
			{
				name: "never applied",
				script: script{
					head: before, write: replies{noWord, k.refused}, read: replies{theirs},
					poll: replies{file("set", "/k", "somebody's", 8), file("set", "/k", "other", 9)},
				},
				err: k.err, sent: append(twice, readLine, pollLine, pollLine9),
			},
			{
				name:   "never applied, for what is there was there before",
				script: script{head: before, write: replies{noWord, k.refused}, read: replies{file("get", "/k", "other", 7)}},
				err:    k.err, sent: append(twice, readLine),
			},
			{
				name:   "history too short",
				script: script{head: before, write: replies{noWord, k.refused}, read: replies{theirs}, poll: replies{cleared}},
				err:    ErrOutcomeUnknown, sent: append(twice, readLine, pollLine),
			},
			{
				name:   "gone, and the history does not tell its end",
				script: script{head: before, write: replies{noWord, k.refused}, read: replies{gone}, poll: replies{silent(9)}},
				err:    ErrOutcomeUnknown, sent: append(twice, readLine, pollLine),
			},
			{
				name:   "read fails at first, and all begins anew",
				script: script{head: before, write: replies{noWord, k.refused}, read: replies{failing, mine}},
				want:   k.action + " /k@8", sent: append(twice, readLine, k.line, readLine),
			},
		} {
			test.call = k.call
			t.Run(k.name+"/"+test.name, test.check)
		}
	}
}

func TestSwapByValueBecomesOneByIndex(t *testing.T) {
	old := file("get", "/k", "old", 7)
	done := file("compareAndSwap", "/k", token, 8)
	differs := refusing(412, ErrCompareFailed, "[7 != 9]", 9)
	const read, swap = readLine, "PUT /v2/keys/k?prevIndex=7 value=" + token
	for _, test := range []settling{
		{
			name: "known at once", script: script{read: replies{old}, write: replies{done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap},
		},
		{
			name: "another value", script: script{read: replies{theirs}},
			err: ErrCompareFailed, sent: []string{read},
		},
		{
			name: "no value", script: script{read: replies{gone}},
			err: ErrKeyNotFound, sent: []string{read},
		},
		{
			name: "not applied at first", script: script{read: replies{old}, write: replies{noWord, done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, swap},
		},
		{
			name: "applied, and still there", script: script{read: replies{old, mine}, write: replies{noWord, differs}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, swap, read},
		},
		{
			name: "applied, and overwritten", script: script{read: replies{old, theirs}, write: replies{noWord, differs}, poll: replies{done}},
			want: "compareAndSwap /k@8", sent: []string{read, swap, swap, read, pollLine},
		},
		{
			name:   "never applied, and another value now",
			script: script{read: replies{old, theirs}, write: replies{noWord, differs}, poll: replies{file("set", "/k", "other", 9)}},
			err:    ErrCompareFailed, sent: []string{read, swap, swap, read, pollLine, read},
		},
		{
			name:   "history too short",
			script: script{read: replies{old, theirs}, write: replies{noWord, differs}, poll: replies{cleared}},
			err:    ErrOutcomeUnknown, sent: []string{read, swap, swap, read, pollLine},
		},
	} {
		test.call = swapByValue
		t.Run(test.name, test.check)
	}
}

// It could be applied twice.
func TestCreateInOrderIsLookedForAndNeverSentAgain(t *testing.T) {
	listing := func(children string) http.HandlerFunc {
		return keys(200, 9, `{"action":"get","node":{"key":"/k","dir":true,"nodes":[`+children+`],"modifiedIndex":4,"createdIndex":4}}`)
	}
	const (
		other = `{"key":"/k/6","value":"other","modifiedIndex":6,"createdIndex":6}`
		ours  = `{"key":"/k/8","value":"` + token + `","modifiedIndex":8,"createdIndex":8}`
	)
	for _, test := range []settling{
		{
			"there", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing(other + "," + ours)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine},
		},
		{
			"deleted since", inOrderOf,
			script{
				head: before, write: replies{noWord}, read: replies{listing(other)},
				poll: replies{file("create", "/k/8", token, 8)},
			},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"behind another", inOrderOf,
			script{
				head: before, write: replies{noWord}, read: replies{listing(other)},
				poll: replies{file("create", "/k/8", "another", 8), file("create", "/k/9", token, 9)},
			},
			"create /k/9@9", nil,
			[]string{headLine, postLine, readLine, deepLine, deepLine9},
		},
		{
			"the directory is gone", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{gone}, poll: replies{silent(9)}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"nowhere", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing("")}, poll: replies{silent(9)}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"history too short", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{listing(other)}, poll: replies{cleared}},
			"", ErrOutcomeUnknown,
			[]string{headLine, postLine, readLine, deepLine},
		},
		{
			"read fails at first", inOrderOf,
			script{head: before, write: replies{noWord}, read: replies{failing, listing(ours)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine, readLine, readLine},
		},
		{
			"known at once", inOrderOf,
			script{head: before, write: replies{file("create", "/k/8", token, 8)}},
			"create /k/8@8", nil,
			[]string{headLine, postLine},
		},
	} {
		t.Run(test.name, test.check)
	}
}

// unique calls are those that WithUniqueValue settles.
var unique = map[string]func(context.Context, *Client) (*Response, error){
	"Create": create, "CompareAndSwap by index": swapByIndex, "CompareAndSwap by value": swapByValue, "CreateInOrder": inOrderOf,
}

// The point to look back to is the store's index before the write: any answer tells it.
func TestIndexSeenBeforeSavesTheQuestion(t *testing.T) {
	for name, call := range unique {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{head: before, read: replies{file("get", "/k", "old", 7)}, write: replies{granting(8)}}
				client, member := s.client(t)
				if _, err := client.Get(t.Context(), "/k"); err != nil {
					t.Error(err)
				}
				if _, err := call(t.Context(), client); err != nil {
					t.Error(err)
				}
				check(t, "is asked for", slices.Contains(member.got(), headLine), false)
			})
		})
	}
}

// Without such a point a write in doubt could not be settled.
func TestNothingIsWrittenWhereTheIndexCannotBeHad(t *testing.T) {
	for name, call := range unique {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{head: replies{failing}, read: replies{failing}}
				client, member := s.client(t)
				_, err := call(t.Context(), client)
				checkNot(t, err, ErrOutcomeUnknown)
				check(t, "requests", len(member.got()), 1)
			})
		})
	}
}

func TestEmptyValueIsNotUnique(t *testing.T) {
	option := WithUniqueValue()
	unsendable{
		"create": func(ctx context.Context, c *Client) error { _, err := c.Create(ctx, "/k", "", option); return err },
		"compare and swap": func(ctx context.Context, c *Client) error {
			_, err := c.CompareAndSwap(ctx, "/k", "", Prev{Index: 5}, option)
			return err
		},
		"create in order": func(ctx context.Context, c *Client) error {
			_, err := c.CreateInOrder(ctx, "/k", "", option)
			return err
		},
	}.check(t)
}

func TestWithoutWithUniqueValueNothingIsSettled(t *testing.T) {
	for _, name := range []string{"Create", "CompareAndSwap", "CreateInOrder"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := script{write: replies{noWord}}
				client, member := s.client(t)
				checkIs(t, every[name](t.Context(), client), ErrOutcomeUnknown)
				check(t, "requests", len(member.got()), 1)
			})
		})
	}
}
