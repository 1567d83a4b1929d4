package etcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// failures are the ways in which a member that got a request can fail to answer it.
var failures = map[string]http.HandlerFunc{
	"reset":              reset,
	"EOF":                hangup,
	"cut reply":          cut,
	"no quorum":          refusing(500, ErrRaftInternal, "etcdserver: request timed out", 0),
	"message alone":      text(500, `{"message":"Internal Server Error"}`),
	"a proxy's 502":      text(502, "<html>Bad Gateway</html>", "Content-Type", "text/html"),
	"503":                text(503, "<html>busy</html>"),
	"too large":          text(413, "<html>too large</html>"),
	"too many requests":  text(429, ""),
	"not found":          text(404, "<html>nothing here</html>"),
	"501 with a page":    text(501, "<html>no such method</html>"),
	"moved":              text(301, "", "Location", "http://127.0.0.1:1/login"),
	"logged out":         text(401, `{"message":"log in"}`),
	"page":               text(200, "<html>Log in</html>"),
	"another's code":     text(403, `{"errorCode":102,"message":"Not a file","cause":"/k","index":8}`),
	"another's key":      refusing(403, ErrNotFile, "/other", 8),
	"504 without a body": text(504, ""),
}

// writes are the calls that are one write each.
var writes = map[string]func(context.Context, *Client) error{
	"Set": every["Set"], "Create": every["Create"], "Update": every["Update"], "CompareAndSwap": every["CompareAndSwap"],
	"CreateInOrder": every["CreateInOrder"], "Delete": every["Delete"], "CompareAndDelete": every["CompareAndDelete"],
	"CreateDir": every["CreateDir"],
}

func TestReadMovesOnAfterAnyFailure(t *testing.T) {
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			bad, good := serve(t, failure), serve(t, file("get", "/k", "v", 3))
			resp, err := connect(t, bad.url, good.url).Get(t.Context(), "/k")
			if err != nil || resp.Node.Value != "v" {
				t.Errorf("got %v, %v", resp, err)
			}
			check(t, "requests to the first", len(bad.got()), 1)
		})
	}
}

func TestReadMovesOnFromAMemberThatDoesNotAnswer(t *testing.T) {
	for name, test := range map[string]struct{ timeout, want time.Duration }{
		"default": {0, 10 * time.Second}, "given": {3 * time.Second, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", hang)
				net.serve(t, "b", file("get", "/k", "v", 3))
				endpoints := []string{"http://a", "http://b"}
				client := net.connect(t, Config{Endpoints: endpoints, AttemptTimeout: test.timeout})
				start := time.Now()
				if _, err := client.Get(t.Context(), "/k"); err != nil {
					t.Error(err)
				}
				// The clock of a bubble stands still but for the wait itself.
				check(t, "time", time.Since(start), test.want)
			})
		})
	}
}

// A member can also stop in the middle of a reply.
func TestReadMovesOnFromAReplyThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, `{"action":"get",`)
			w.(http.Flusher).Flush()
			hang(w, r)
		})
		net.serve(t, "b", file("get", "/k", "v", 3))
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
		if _, err := client.Get(t.Context(), "/k"); err != nil {
			t.Error(err)
		}
	})
}

func TestNegativeAttemptTimeoutIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(time.Hour):
				file("get", "/k", "v", 3)(w, r)
			case <-r.Context().Done():
			}
		})
		client := net.connect(t, Config{Endpoints: []string{"http://a"}, AttemptTimeout: -1})
		if _, err := client.Get(t.Context(), "/k"); err != nil {
			t.Error(err)
		}
	})
}

func TestCallMovesOnFromAMemberThatCannotBeReached(t *testing.T) {
	plain := serve(t, file("get", "/k", "never", 3))
	for name, bad := range map[string]string{
		"connection refused": closedPort,
		"no TLS there":       strings.Replace(plain.url, "http://", "https://", 1),
	} {
		t.Run(name, func(t *testing.T) {
			for call, do := range writes {
				good := serve(t, granting(3))
				if err := do(t.Context(), connect(t, bad, closedPort2, good.url)); err != nil {
					t.Errorf("%s: %v", call, err)
				}
				check(t, call+": requests", len(good.got()), 1)
			}
			good := serve(t, file("get", "/k", "v", 3))
			if _, err := connect(t, bad, good.url).Get(t.Context(), "/k"); err != nil {
				t.Error(err)
			}
		})
	}
	check(t, "requests to the member without TLS", plain.got(), []string(nil))
}

func TestWriteThatNobodyTookIsNotInDoubt(t *testing.T) {
	for name, do := range writes {
		t.Run(name, func(t *testing.T) {
			err := do(t.Context(), connect(t, closedPort, closedPort2))
			checkIs(t, err, syscall.ECONNREFUSED)
			checkNot(t, err, ErrOutcomeUnknown)
		})
	}
}

func TestWriteThatWasSentIsNeverSentAgain(t *testing.T) {
	for failure, reply := range failures {
		for name, do := range writes {
			t.Run(failure+"/"+name, func(t *testing.T) {
				bad, good := serve(t, reply), serve(t, granting(3))
				err := do(t.Context(), connect(t, bad.url, good.url))
				checkIs(t, err, ErrOutcomeUnknown)
				var failed *ClusterError
				if !errors.As(err, &failed) || len(failed.Attempts) != 1 || failed.Attempts[0].Endpoint != bad.url {
					t.Errorf("error is %#v", err)
				}
				check(t, "requests to the first", len(bad.got()), 1)
				check(t, "requests to the second", len(good.got()), 0)
			})
		}
	}
}

func TestWriteThatIsNotAnsweredInTimeIsInDoubtAndNotSentAgain(t *testing.T) {
	for name, do := range writes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				bad, good := net.serve(t, "a", hang), net.serve(t, "b", file("set", "/k", "v", 3))
				err := do(t.Context(), net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}}))
				checkIs(t, err, ErrOutcomeUnknown, os.ErrDeadlineExceeded)
				check(t, "requests", len(bad.got())+len(good.got()), 1)
			})
		})
	}
}

// Net/http itself sends a read again when a kept connection turns out to be dead; a write
// must not fare so.
func TestWriteOnAKeptConnectionThatBreaksIsNotSentAgain(t *testing.T) {
	s := serve(t, file("get", "/k", "v", 3), hangup, file("set", "/k", "v", 4))
	client := connect(t, s.url)
	if _, err := client.Get(t.Context(), "/k"); err != nil {
		t.Fatal(err)
	}
	_, err := client.Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrOutcomeUnknown)
	check(t, "requests", s.got(), []string{"GET /v2/keys/k", "PUT /v2/keys/k value=v"})
}

// A member that is not up is one thing; the next one may still break in the middle.
func TestWriteThatMovedOnCanStillEndInDoubt(t *testing.T) {
	bad, good := serve(t, hangup), serve(t, file("set", "/k", "v", 3))
	_, err := connect(t, closedPort, bad.url, good.url).Set(t.Context(), "/k", "v")
	checkIs(t, err, ErrOutcomeUnknown, syscall.ECONNREFUSED, io.EOF)
	check(t, "requests to the last", len(good.got()), 0)
}

func TestWriteAnsweredInWordsThatAreNotEtcdsIsInDoubt(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"page": text(200, "<html>Log in</html>"), "empty": text(200, ""), "no content": text(204, ""), "no node": keys(200, 3, `{"action":"set"}`),
	} {
		t.Run(name, func(t *testing.T) {
			first, second := serve(t, reply), serve(t, file("set", "/k", "v", 3))
			_, err := connect(t, first.url, second.url).Set(t.Context(), "/k", "v")
			checkIs(t, err, ErrOutcomeUnknown)
			check(t, "requests", len(first.got())+len(second.got()), 1)
		})
	}
}

func TestRefusedWriteIsNotInDoubt(t *testing.T) {
	tests := []struct {
		name, call string
		reply      http.HandlerFunc
		want       error
	}{
		{"400", "Set", refusing(400, ErrNotDir, "/k", 8), ErrNotDir},
		{"401", "Set", refusing(401, ErrUnauthorized, "Insufficient credentials", 0), ErrUnauthorized},
		{"401 of etcd 2.1.0", "Set", text(401, `{"message":"Insufficient credentials"}`, "X-Etcd-Cluster-Id", "7e27652122e8b2ae"), nil},
		{"403", "Set", refusing(403, ErrNotFile, "/k", 8), ErrNotFile},
		{"404", "Update", refusing(404, ErrKeyNotFound, "/k", 8), ErrKeyNotFound},
		{"412", "CompareAndSwap", refusing(412, ErrCompareFailed, "[1 != 2]", 8), ErrCompareFailed},
		{"500 from applying it", "Set", refusing(500, ErrRaftInternal, "nodePath /1/k: does not exist", 0), ErrRaftInternal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			first, second := serve(t, test.reply), serve(t, granting(3))
			err := every[test.call](t.Context(), connect(t, first.url, second.url))
			checkNot(t, err, ErrOutcomeUnknown)
			if test.want != nil {
				checkIs(t, err, test.want)
			}
			var reply *Error
			if !errors.As(err, &reply) || reply.Endpoint != first.url {
				t.Errorf("error is %#v", err)
			}
			check(t, "requests to the second", len(second.got()), 0)
		})
	}
}

func TestNextCallBeginsWithTheMemberThatAnswered(t *testing.T) {
	// The second fails once it has answered twice: with a value, and with a refusal.
	first, third := serve(t, hangup), serve(t, file("get", "/k", "third", 9))
	second := serve(t, file("get", "/k", "second", 3), refusing(404, ErrKeyNotFound, "/x", 4), text(500, ""))
	client := connect(t, first.url, second.url, third.url)
	call := func(want string) {
		t.Helper()
		resp, err := client.Get(t.Context(), "/k")
		if err != nil || resp.Node.Value != want {
			t.Errorf("got %v, %v; want %s", resp, err, want)
		}
	}
	call("second")
	_, err := client.Get(t.Context(), "/x")
	checkIs(t, err, ErrKeyNotFound)
	call("third")
	call("third")
	check(t, "requests to each", []int{len(first.got()), len(second.got()), len(third.got())}, []int{1, 3, 2})
	check(t, "endpoints", client.Endpoints(), []string{first.url, second.url, third.url})
}

// From the last member it goes on with the first, and round again twice.
func TestCallGoesRoundFromTheMemberThatAnsweredLast(t *testing.T) {
	first, second, third := serve(t, text(503, "")), serve(t, text(500, "")), serve(t, file("get", "/k", "v", 3), hangup)
	client := connect(t, first.url, second.url, third.url)
	if _, err := client.Get(t.Context(), "/k"); err != nil {
		t.Fatal(err)
	}
	_, err := client.Get(t.Context(), "/k")
	var failed *ClusterError
	if !errors.As(err, &failed) {
		t.Fatalf("error is %v", err)
	}
	var order []string
	for _, attempt := range failed.Attempts {
		order = append(order, attempt.Endpoint)
	}
	round := []string{third.url, first.url, second.url}
	check(t, "attempts", order, slices.Concat(round, round, round))
}

func TestClusterErrorOfAReadUnwrapsToEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "b", refusing(500, ErrLeaderElect, "", 0))
		net.serve(t, "c", hang)
		net.serve(t, "d", hang)
		client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b", "http://c", "http://d"}})
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		_, err := client.Get(ctx, "/k")
		checkIs(t, err, syscall.ECONNREFUSED, ErrLeaderElect, os.ErrDeadlineExceeded)
		checkNot(t, err, ErrOutcomeUnknown)
		var failed *ClusterError
		if !errors.As(err, &failed) || len(failed.Attempts) < 4 {
			t.Fatalf("error is %v", err)
		}
		check(t, "request", failed.Method+" "+failed.Path, "GET /v2/keys/k")
		for i, want := range []time.Duration{0, 0, 5 * time.Second, 5 * time.Second} {
			check(t, "time of "+failed.Attempts[i].Endpoint, failed.Attempts[i].Duration, want)
		}
	})
}

func TestCallersContextEndsTheCallAndNoFurtherMemberIsTried(t *testing.T) {
	pause := newHeld()
	bad, good := serve(t, pause.answer), serve(t, file("get", "/k", "v", 3))
	client := connect(t, bad.url, good.url)
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-pause.begun
		cancel(cause)
	}()
	_, err := client.Get(ctx, "/k")
	checkEnded(t, ctx, err)
	checkNot(t, err, ErrOutcomeUnknown)
	<-pause.ended
	check(t, "requests to the next", len(good.got()), 0)
}

func TestManyCallsAtOnceShareAClient(t *testing.T) {
	first, second := serve(t, hangup), serve(t, file("get", "/k", "v", 3))
	client := connect(t, first.url, second.url)
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := client.Get(t.Context(), "/k")
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	check(t, "requests", len(second.got()), 20)
}

// lateBody sends the header of a reply, and its body after some time.
type lateBody struct {
	http.ResponseWriter
	pause time.Duration
}

func (w *lateBody) WriteHeader(status int) {
	w.ResponseWriter.WriteHeader(status)
	w.ResponseWriter.(http.Flusher).Flush()
	<-time.After(w.pause)
}

// What a query says inside a value must not make a call a watch, whose body nobody would wait for. The
// attempt of a watch ends with the header of its reply, that of any other call with the body.
func TestOnlyAWatchIsOne(t *testing.T) {
	const key, bodyTime = "/wait=true", time.Second
	get := func(opts ...GetOption) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) { return c.Get(ctx, key, opts...) }
	}
	watch := func(opts ...WatchOption) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) { return c.WatchOnce(ctx, key, opts...) }
	}
	remove := func(value string) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) {
			return c.CompareAndDelete(ctx, key, Prev{Value: value})
		}
	}
	for _, test := range []struct {
		request string
		call    func(context.Context, *Client) (*Response, error)
		watch   bool
	}{
		{"GET /v2/keys/wait=true", get(), false},
		{"GET /v2/keys/wait=true?recursive=true", get(WithRecursive()), false},
		{
			"GET /v2/keys/wait=true?recursive=true&wait=true&waitIndex=4",
			watch(WithRecursive(), WithAfterIndex(3)), true,
		},
		{"GET /v2/keys/wait=true?wait=true&waitIndex=4", watch(WithAfterIndex(3)), true},
		{"DELETE /v2/keys/wait=true?prevValue=wait%3Dtrue", remove("wait=true"), false},
		{"GET /v2/keys/wait=true?quorum=true", get(WithQuorum()), false},
		{"DELETE /v2/keys/wait=true?prevValue=await", remove("await"), false},
	} {
		synctest.Test(t, func(t *testing.T) {
			var net network
			var r recorder
			member := net.serve(t, "a", func(w http.ResponseWriter, r *http.Request) {
				reply := granting(4)
				if test.watch {
					reply = eventAt("set", key, 4, 4)
				}
				reply(&lateBody{w, bodyTime}, r)
			})
			_, err := test.call(t.Context(), net.connect(t, Config{Endpoints: []string{"http://a"}, Observer: &r}))
			check(t, test.request+": error", err, nil)
			check(t, "request", member.got()[0], test.request)
			took, want := r.got()[1].(AttemptEnded).Duration, bodyTime
			if test.watch {
				want = 0
			}
			check(t, test.request+": the attempt took", took, want)
		})
	}
}

// Neither writes alone nor deadlines shorter than AttemptTimeout keep a client at a frozen member.
func TestCallsLeaveAFrozenMember(t *testing.T) {
	for _, name := range []string{"Set", "Get"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net network
				net.serve(t, "a", hang)
				second := net.serve(t, "b", file("set", "/k", "v", 3))
				client := net.connect(t, Config{Endpoints: []string{"http://a", "http://b"}})
				for range 10 {
					ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
					_ = every[name](ctx, client)
					cancel()
				}
				if len(second.got()) == 0 {
					t.Error("ten calls, and none came to the member that works")
				}
			})
		})
	}
}
