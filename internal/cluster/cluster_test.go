package cluster

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// butHead answers a HEAD with head, and everything else with reply.
func butHead(reply, head http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			head(w, r)
			return
		}
		reply(w, r)
	}
}

func TestVerdictSaysWhetherTheNextMemberIsTried(t *testing.T) {
	tests := []struct {
		name     string
		read     bool
		first    http.HandlerFunc // nil where there is no server
		outcome  Outcome
		member   string // of the last attempt
		attempts int    // that settled nothing
	}{
		{"read, done", true, text(200, 0, ""), Done, "http://a", 0},
		{"read, refused", true, text(400, 0, ""), Refused, "http://a", 0},
		{"read, unknown", true, text(500, 0, ""), Done, "http://b", 1},
		{"read, not served", true, text(501, 0, ""), Done, "http://b", 1},
		{"read, no such path", true, text(404, 0, missing), Done, "http://b", 1},
		{"read, not sent", true, nil, Done, "http://b", 1},
		{"write, done", false, text(200, 0, ""), Done, "http://a", 0},
		{"write, refused", false, text(400, 0, ""), Refused, "http://a", 0},
		{"write, unknown", false, text(500, 0, ""), Unknown, "http://a", 1},
		{"write, not served", false, text(501, 0, ""), Done, "http://b", 1},
		{"write, no such path", false, text(404, 0, missing), Done, "http://b", 1},
		{"write, not served but to a HEAD", false, butHead(text(501, 0, ""), text(200, 7, "")), Unknown, "http://a", 1},
		{"write, path missing and a HEAD of it answered", false, butHead(text(404, 0, missing), text(404, 7, "")), Unknown, "http://a", 1},
		{"write, not sent", false, nil, Done, "http://b", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net fakenet.Network
				if test.first != nil {
					net.Serve(t, "a", member(test.first))
				}
				net.Serve(t, "b", member(text(200, 0, "")))
				c := newCluster(t, Config{Endpoints: []string{"http://a", "http://b"}, Dial: net.Dial})
				call := newCall(t, "POST", "/v2/keys/k", "value=v")
				call.Read = test.read
				result := c.Do(t.Context(), call)
				got := []any{result.Outcome, result.Member.Endpoint(), len(result.Attempts)}
				check(t, "outcome, member, attempts", got, []any{test.outcome, test.member, test.attempts})
				check(t, "error", result.Err == nil, test.outcome == Done)
				check(t, "path is missing", result.Missing, false)
			})
		})
	}
}

func TestShareOfTheCallersTime(t *testing.T) {
	const none, most = 0, 10 * time.Second
	tests := []struct {
		name     string
		deadline time.Duration // from now; none for no deadline
		toTry    int
		most     time.Duration
		want     time.Duration
	}{
		{"no deadline", none, 3, most, most},
		{"no deadline, no bound", none, 3, -1, none},
		{"even part", 9 * time.Second, 3, most, 3 * time.Second},
		{"even part of two", 9 * time.Second, 2, most, 4500 * time.Millisecond},
		{"even part, no bound", 90 * time.Second, 3, -1, 30 * time.Second},
		{"bound is less than the part", time.Minute, 3, most, most},
		{"bound is the part", 30 * time.Second, 3, most, most},
		{"last member: the deadline itself ends it", 9 * time.Second, 1, most, most},
		{"last member, no bound", 9 * time.Second, 1, -1, none},
		{"deadline is over", -time.Second, 3, most, 1},
		{"deadline is over, no bound", -time.Second, 3, -1, 1}, // 0 would be for ever
		{"less than a nanosecond each", 2, 3, most, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if test.deadline != none {
					var cancel context.CancelFunc
					ctx, cancel = context.WithDeadline(ctx, time.Now().Add(test.deadline))
					defer cancel()
				}
				check(t, "share", share(ctx, test.toTry, test.most), test.want)
			})
		})
	}
}
