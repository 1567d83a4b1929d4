package etcd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestJudge(t *testing.T) {
	const event = `{"action":"set","node":{"key":"/k"}}`
	tests := []struct {
		name, reply string
		want        Outcome
	}{
		{"200", "HTTP/1.1 200 OK\n\n" + event, OutcomeAnswered},
		{"201", "HTTP/1.1 201 Created\n\n" + event, OutcomeAnswered},
		{"301", "HTTP/1.1 301 Moved Permanently\nLocation: /x\n\n", OutcomeAnswered},
		{"400", "HTTP/1.1 400 Bad Request\n\n" + `{"errorCode":209,"message":"Invalid field"}`, OutcomeAnswered},
		{"404 of another server", "HTTP/1.1 404 Not Found\n\n404 page not found", OutcomeAnswered},
		{"429", "HTTP/1.1 429 Too Many Requests\n\n", OutcomeAnswered},
		{"500, no quorum", "HTTP/1.1 500 Internal Server Error\n\n" + `{"errorCode":300,"message":"Raft Internal Error","cause":"etcdserver: request timed out"}`, OutcomeUnknown},
		{"500, leader lost", "HTTP/1.1 500 Internal Server Error\n\n" + `{"errorCode":300,"message":"Raft Internal Error","cause":"etcdserver: request timed out, possibly due to previous leader failure"}`, OutcomeUnknown},
		{"500, applied and failed", "HTTP/1.1 500 Internal Server Error\n\n" + `{"errorCode":300,"message":"Raft Internal Error","cause":"nodePath /1/d: unexpected"}`, OutcomeAnswered},
		{"501", "HTTP/1.1 501 Not Implemented\n\n", OutcomeAnswered},
		{"502", "HTTP/1.1 502 Bad Gateway\n\n<html>", OutcomeUnknown},
		{"a page that says nodePath", "HTTP/1.1 502 Bad Gateway\n\nnodePath /1/d", OutcomeUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, _ := wireReply(t, "PUT", test.reply)
			resp, got, err := (&cluster{}).judge(wire, 0)
			if got != test.want || (resp == nil) == (err == nil) || (err == nil) != (wire.StatusCode < 300) {
				t.Errorf("judged %d with %v, %v; want %d", got, resp, err, test.want)
			}
		})
	}
}

// The caller needs what happened, not the address once more that net/http puts around it.
func TestReasonOfAFailureIsBare(t *testing.T) {
	client := connect(t, "http://a")
	limit := client.cluster.newLimit(t.Context(), 1500*time.Millisecond)
	defer limit.end()
	broken := errors.New("broken")
	check(t, "reason", limit.why(&url.Error{Op: "Get", URL: "http://a", Err: broken}), broken)
	check(t, "reason", limit.why(broken), broken)
}

func TestReasonOfATimeoutSaysHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := connect(t, "http://a")
		limit := client.cluster.newLimit(t.Context(), 1500*time.Millisecond)
		defer limit.end()
		limit.getConn("a:80")
		<-limit.ctx.Done()
		err := limit.why(io.EOF)
		checkIs(t, err, os.ErrDeadlineExceeded)
		check(t, "text", err.Error(), "no connection within 750ms: i/o timeout")
	})
	synctest.Test(t, func(t *testing.T) {
		limit := connect(t, "http://a").cluster.newLimit(t.Context(), 1500*time.Millisecond)
		defer limit.end()
		limit.gotConn(httptrace.GotConnInfo{})
		<-limit.ctx.Done()
		check(t, "text", limit.why(io.EOF).Error(), "no answer within 1.5s: i/o timeout")
	})
}

// A member that is tried after another must get the same request, its body included.
func TestRequestIsWholeForEachMember(t *testing.T) {
	client := connect(t, "http://a", "http://b/prefix")
	req, err := http.NewRequest("PUT", "http://etcd/v2/keys/k?prevIndex=3", strings.NewReader("value=v"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"http://a/v2/keys/k?prevIndex=3", "http://b/prefix/v2/keys/k?prevIndex=3"} {
		limit := client.cluster.newLimit(t.Context(), 0)
		defer limit.end()
		out, err := client.cluster.addressed(limit, req, client.cluster.roster.all()[i])
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(out.Body)
		check(t, "request", []any{out.Method, out.URL.String(), out.Host, string(body), err}, []any{"PUT", want, "", "value=v", nil})
	}
	check(t, "the caller's URL", req.URL.String(), "http://etcd/v2/keys/k?prevIndex=3")
}

// What ends an attempt must outlast the header of a watch, and be let go with its body: each that is
// not would stay registered with the client for as long as that lives.
func TestLimitOfAWatchLastsUntilItsBodyIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net network
		net.serve(t, "a", silent(4))
		client := net.connect(t, Config{Endpoints: []string{"http://a"}})
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://etcd/v2/keys/k?wait=true", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.cluster.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		limit := resp.Body.(*watchBody).limit
		<-time.After(time.Hour)
		check(t, "reason to end after the header", limit.ctx.Err(), error(nil))
		resp.Body.Close()
		checkIs(t, limit.ctx.Err(), context.Canceled)
		check(t, "attempts still registered with the client", len(limit.ongoing.limits), 0)
	})
}
