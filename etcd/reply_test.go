package etcd

import (
	"testing"

	"github.com/etcdv2/client/internal/cluster"
)

// A write is in doubt after a reply that may come from elsewhere than the member's own decision.
func TestReplySettlesAWriteOrLeavesItInDoubt(t *testing.T) {
	const (
		event  = `{"action":"set","node":{"key":"/k"}}`
		raft   = `{"errorCode":300,"message":"Raft Internal Error","cause":`
		failed = "HTTP/1.1 500 Internal Server Error\n\n" + raft
		leader = "etcdserver: request timed out, possibly due to previous leader failure"
	)
	tests := []struct {
		name, reply string
		want        cluster.Outcome
	}{
		{"200", "HTTP/1.1 200 OK\n\n" + event, cluster.Done},
		{"201", "HTTP/1.1 201 Created\n\n" + event, cluster.Done},
		{"301", "HTTP/1.1 301 Moved Permanently\nLocation: /x\n\n", cluster.Refused},
		{"400", "HTTP/1.1 400 Bad Request\n\n" + `{"errorCode":209,"message":"Invalid field"}`, cluster.Refused},
		{"404 of another server", "HTTP/1.1 404 Not Found\n\n404 page not found", cluster.Refused},
		{"429", "HTTP/1.1 429 Too Many Requests\n\n", cluster.Refused},
		{"500, no quorum", failed + `"etcdserver: request timed out"}`, cluster.Unknown},
		{"500, leader lost", failed + `"` + leader + `"}`, cluster.Unknown},
		{"500, applied and failed", failed + `"nodePath /1/d: unexpected"}`, cluster.Refused},
		{"501", "HTTP/1.1 501 Not Implemented\n\n", cluster.Refused},
		{"502", "HTTP/1.1 502 Bad Gateway\n\n<html>", cluster.Unknown},
		{"a page that says nodePath", "HTTP/1.1 502 Bad Gateway\n\nnodePath /1/d", cluster.Unknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, text := wireReply(t, "PUT", test.reply)
			reply := cluster.Reply{Response: wire}
			call := newKeysCall(wire.Request, toWrite)
			got, err := call.Sort(reply)
			check(t, "error of reading", err, error(nil))
			success := wire.StatusCode < 300
			if got.Outcome != test.want || (call.event == nil) == success || (got.Err == nil) != success {
				t.Errorf("sorted as %+v with %v; want %v", got, call.event, test.want)
			}
			if !success {
				said, verdict := refusal(reply, text, false)
				check(t, "outcome as a refusal", verdict.Outcome, test.want)
				check(t, "error", []any{verdict.Err, got.Err}, []any{said, said})
			}
		})
	}
}
