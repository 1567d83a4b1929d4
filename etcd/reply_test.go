package etcd

import (
	"testing"

	"github.com/etcdv2/client/internal/cluster"
)

// A write is in doubt after a reply that may come from elsewhere than the member's own decision.
func TestReplySettlesAWriteOrLeavesItInDoubt(t *testing.T) {
	const (
		event  = `{"action":"set","node":{"key":"/k","value":"v"}}`
		raft   = `{"errorCode":300,"message":"Raft Internal Error","cause":`
		marks  = "\nX-Etcd-Index: 0\n\n"
		failed = "HTTP/1.1 500 Internal Server Error" + marks + raft
		leader = "etcdserver: request timed out, possibly due to previous leader failure"
	)
	tests := []struct {
		name, reply string
		want        cluster.Outcome
	}{
		{"200", "HTTP/1.1 200 OK" + marks + event, cluster.Done},
		{"201", "HTTP/1.1 201 Created" + marks + event, cluster.Done},
		{"200 without an index", "HTTP/1.1 200 OK\n\n" + event, cluster.Unknown},
		{"301", "HTTP/1.1 301 Moved Permanently\nLocation: /x\n\n", cluster.Unknown},
		{"307 to another path", "HTTP/1.1 307 Temporary Redirect\nLocation: http://b/sorry\n\n", cluster.Unknown},
		{"307 without a host", "HTTP/1.1 307 Temporary Redirect\nLocation: /v2/keys/k\n\n", cluster.Unknown},
		{"307 to the leader", "HTTP/1.1 307 Temporary Redirect\nLocation: http://b/v2/keys/k?x=y\n\n", cluster.NotServed},
		{"400", "HTTP/1.1 400 Bad Request" + marks + `{"errorCode":209,"message":"Invalid field"}`, cluster.Refused},
		{"400 without an index", "HTTP/1.1 400 Bad Request\n\n" + `{"errorCode":209,"message":"Invalid field"}`, cluster.Unknown},
		{"403 for a file", "HTTP/1.1 403 Forbidden" + marks + `{"errorCode":102,"message":"Not a file","cause":"/k"}`, cluster.Refused},
		{"403 for another key", "HTTP/1.1 403 Forbidden" + marks + `{"errorCode":102,"message":"Not a file","cause":"/other"}`, cluster.Unknown},
		{"a code of another call", "HTTP/1.1 404 Not Found" + marks + `{"errorCode":100,"message":"Key not found","cause":"/k"}`, cluster.Unknown},
		{"no such path", "HTTP/1.1 404 Not Found\n\n404 page not found\n", cluster.NotServed},
		{"that page with headers of etcd", "HTTP/1.1 404 Not Found\nX-Etcd-Cluster-Id: a1\n\n404 page not found\n", cluster.Unknown},
		{"another 404", "HTTP/1.1 404 Not Found\n\nnothing here", cluster.Unknown},
		{"429", "HTTP/1.1 429 Too Many Requests\n\n", cluster.Unknown},
		{"500, no quorum", failed + `"etcdserver: request timed out"}`, cluster.Unknown},
		{"500, leader lost", failed + `"` + leader + `"}`, cluster.Unknown},
		{"500, applied and failed", failed + `"nodePath /1/d: unexpected"}`, cluster.Refused},
		{"501", "HTTP/1.1 501 Not Implemented\n\n", cluster.NotServed},
		{"502", "HTTP/1.1 502 Bad Gateway\n\n<html>", cluster.Unknown},
		{"a proxy without members", "HTTP/1.1 503 Service Unavailable\n\n" + `{"message":"` + noEndpoints + `"}`, cluster.NotServed},
		{"a page that says nodePath", "HTTP/1.1 502 Bad Gateway\n\nnodePath /1/d", cluster.Unknown},
	}
	value := "v"
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wire, _ := wireReply(t, "PUT", test.reply)
			call := newKeysCall(wire.Request, toWrite, asked{key: "k", action: ActionSet, value: &value})
			got, err := call.Sort(cluster.Reply{Response: wire})
			check(t, "error of reading", err, error(nil))
			done := test.want == cluster.Done
			if got.Outcome != test.want || (call.event == nil) == done || (got.Err == nil) != done {
				t.Errorf("sorted as %+v with %v; want %v", got, call.event, test.want)
			}
		})
	}
}
