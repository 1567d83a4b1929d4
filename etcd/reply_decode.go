package etcd

import (
	"encoding/json"
	"net/http"

	"github.com/etcdv2/client/internal/cluster"
	"github.com/etcdv2/client/internal/foreign"
)

// decodeEvent decodes the body of a success on keys. It returns an *Error if the body is not an event:
// something other than etcd answered.
func decodeEvent(reply cluster.Reply, body []byte) (*Response, error) {
	if event := decodeFast(body); event != nil {
		return event.withHeader(reply.Response), nil
	}
	var event lenientEvent
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, foreignError(reply, body, foreign.Line(err.Error(), mostShown))
	}
	if event.Node == nil {
		return nil, foreignError(reply, body, "no node in the reply")
	}
	return newResponse(reply.Response, &event), nil
}

// newResponse converts an event from the wire, and adds the fields of the header of its reply.
func newResponse(resp *http.Response, event *lenientEvent) *Response {
	r := &Response{Action: Action(event.Action), Node: newNode(event.Node), PrevNode: newNode(event.PrevNode)}
	return r.withHeader(resp)
}

// withHeader sets the fields of r that the header carries, and returns r.
func (r *Response) withHeader(resp *http.Response) *Response {
	r.Index = cluster.IndexOf(resp)
	r.RaftIndex = cluster.HeaderNumber(resp, "X-Raft-Index")
	r.RaftTerm = cluster.HeaderNumber(resp, "X-Raft-Term")
	r.ClusterID = cluster.IDOf(resp)
	return r
}

// asJSON returns a function that decodes the JSON of a T, and reports whether that succeeded and is complete.
func asJSON[T any](value *T, complete func() bool) func(text []byte) bool {
	return func(text []byte) bool { return json.Unmarshal(text, value) == nil && complete() }
}

// isEmpty accepts the empty text with which etcd confirms a change if it has nothing to report.
var isEmpty = wanted{func(text []byte) bool { return len(text) == 0 }, "an empty body is etcd's yes", true}
