package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// add appends to what is there, so that a test sees which value a change was made from.
func add(text string) func(string) (string, error) {
	return func(current string) (string, error) { return current + text, nil }
}

func TestModifyReadsChangesAndSwaps(t *testing.T) {
	s := serve(t, file("get", "/k", "a", 5), file("compareAndSwap", "/k", "ab", 6))
	resp, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"))
	if err != nil || resp.Action != ActionCompareAndSwap || resp.Index != 6 {
		t.Errorf("got %v, %v", resp, err)
	}
	check(t, "requests", s.got(), []string{"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=5 value=ab"})
}

func TestModifyStartsAgainOnConflict(t *testing.T) {
	s := serve(t, file("get", "/k", "a", 5), refusing(412, ErrCompareFailed, "[5 != 7]", 7),
		file("get", "/k", "x", 7), refusing(412, ErrCompareFailed, "[7 != 8]", 8),
		file("get", "/k", "y", 8), file("compareAndSwap", "/k", "yb", 9))
	if _, err := connect(t, s.url).Modify(t.Context(), "/k", add("b")); err != nil {
		t.Error(err)
	}
	check(t, "requests", s.got(), []string{
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=5 value=ab",
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=7 value=xb",
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=8 value=yb",
	})
}

// A change may look at another key and hand on what that said. It is not a conflict of this one.
func TestModifyReturnsTheChangesErrorAsItIs(t *testing.T) {
	for _, own := range []error{errors.New("no"), ErrCompareFailed, fmt.Errorf("other key: %w", ErrCompareFailed)} {
		s := serve(t, file("get", "/k", "a", 5))
		_, err := connect(t, s.url).Modify(t.Context(), "/k", func(string) (string, error) { return "", own })
		check(t, "error", err, own)
		check(t, "requests", s.got(), []string{"GET /v2/keys/k?quorum=true"})
	}
}

func TestModifyCreates(t *testing.T) {
	s := serve(t, refusing(404, ErrKeyNotFound, "/k", 4), refusing(412, ErrNodeExist, "/k", 5),
		file("get", "/k", "a", 5), refusing(412, ErrCompareFailed, "[5 != 7]", 7),
		refusing(404, ErrKeyNotFound, "/k", 8), file("create", "/k", "b", 9))
	resp, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"), WithCreate(), WithTTL(time.Minute))
	if err != nil || resp.Action != ActionCreate {
		t.Errorf("got %v, %v", resp, err)
	}
	check(t, "requests", s.got(), []string{
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevExist=false ttl=60&value=b",
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevIndex=5 ttl=60&value=ab",
		"GET /v2/keys/k?quorum=true", "PUT /v2/keys/k?prevExist=false ttl=60&value=b",
	})
}

func TestModifyRefusesAValueThatEtcdCannotHold(t *testing.T) {
	s := serve(t, file("get", "/k", "a", 5))
	_, err := connect(t, s.url).Modify(t.Context(), "/k", add("\xff"))
	checkIs(t, err, ErrInvalidArgument)
	check(t, "requests", s.got(), []string{"GET /v2/keys/k?quorum=true"})
}

func TestModifyAndTheTTL(t *testing.T) {
	living, expired := `"ttl":40,"expiration":"2100-01-01T00:00:00Z"`, `"expiration":"2026-01-01T00:00:00Z"`
	tests := []struct {
		name, node string
		opts       []ModifyOption
		want       string // the form sent; empty if none is
	}{
		{"kept", living, nil, "ttl=40&value=ab"},
		{"given", living, []ModifyOption{WithTTL(time.Minute)}, "ttl=60&value=ab"},
		{"dropped", living, []ModifyOption{WithoutTTL()}, "value=ab"},
		{"none to keep", `"dir":false`, nil, "value=ab"},
		{"none before, given", `"dir":false`, []ModifyOption{WithTTL(time.Second)}, "ttl=1&value=ab"},
		{"none to drop", `"dir":false`, []ModifyOption{WithoutTTL()}, "value=ab"},
		// The server would take a TTL of none for a key that lives for ever.
		{"expired, not swept", expired, nil, ""},
		{"expired, negative", `"ttl":-1,` + expired, nil, ""},
		{"expired, given", expired, []ModifyOption{WithTTL(time.Minute)}, "ttl=60&value=ab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, keys(200, 9, `{"action":"get","node":{"key":"/k","value":"a","modifiedIndex":5,`+test.node+`}}`),
				file("compareAndSwap", "/k", "ab", 10))
			_, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"), test.opts...)
			want := []string{"GET /v2/keys/k?quorum=true"}
			if test.want == "" {
				checkIs(t, err, ErrKeyNotFound)
			} else {
				want = append(want, "PUT /v2/keys/k?prevIndex=5 "+test.want)
			}
			check(t, "requests", s.got(), want)
		})
	}
}

func TestModifyRefusesWhatIsNoFile(t *testing.T) {
	s := serve(t, directory("/k", 5))
	_, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"))
	checkIs(t, err, ErrNotFile)
	check(t, "requests", len(s.got()), 1)

	s = serve(t, refusing(404, ErrKeyNotFound, "/k", 8))
	_, err = connect(t, s.url).Modify(t.Context(), "/k", add("b"))
	checkIs(t, err, ErrKeyNotFound)
	check(t, "requests", len(s.got()), 1)
}

func TestModifyDoesNotRepeatAWriteOfUnknownOutcome(t *testing.T) {
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			s := serve(t, file("get", "/k", "a", 5), failure, file("get", "/k", "ab", 6))
			_, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"))
			checkIs(t, err, ErrOutcomeUnknown)
			check(t, "requests", len(s.got()), 2)
		})
	}
}

func TestModifyInConflictEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		// Even requests are reads, odd ones swaps, and somebody else is always faster.
		s := net.serve(t, "a")
		for i := range 100 {
			s.replies = append(s.replies, file("get", "/k", "a", i+1), refusing(412, ErrCompareFailed, "", i+2))
		}
		client := net.connect(t, Config{Endpoints: []string{"http://a"}})
		cause := errors.New("changed my mind")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, cause)
		defer cancel()
		_, err := client.Modify(ctx, "/k", add("b"))
		checkEnded(t, ctx, err)
		checkNot(t, err, ErrOutcomeUnknown)
		// It ended in a pause, and the pauses grow to 100 ms: a hot key is not hammered.
		if n := len(s.got()); n < 10 || n > 40 || n%2 != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestModifySaysWhichKey(t *testing.T) {
	s := serve(t, directory("/some/key", 5))
	_, err := connect(t, s.url).Modify(t.Context(), "/some/key", add("b"))
	if err == nil || !strings.Contains(err.Error(), "/some/key") {
		t.Errorf("error is %v", err)
	}
}

// Such a reply does not say that the write was not applied.
func TestModifyDoesNotRepeatAfterA5xxThatSaysCompareFailed(t *testing.T) {
	s := serve(t, file("get", "/k", "a", 5), refusing(500, ErrCompareFailed, "", 5), file("get", "/k", "a", 6), file("set", "/k", "a", 7))
	_, err := connect(t, s.url).Modify(t.Context(), "/k", add("b"))
	checkIs(t, err, ErrOutcomeUnknown)
	check(t, "requests", len(s.got()), 2)
}
