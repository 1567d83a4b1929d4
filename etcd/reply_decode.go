package etcd

import (
	"encoding/json"
	"net/http"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// decodeEvent decodes the body of a success on keys. A body that is not an event is an *Error: something else
// than etcd answered.
func decodeEvent(reply cluster.Reply, body []byte) (*Response, error) {
	if event := decodeFast(body); event != nil {
		return event.withHeader(reply.Response), nil
	}
	var event gen.Event
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, foreign(reply, body, err.Error())
	}
	if event.Node == nil {
		return nil, foreign(reply, body, "no node in the reply")
	}
	return newResponse(reply.Response, &event), nil
}

// newResponse translates an event from the wire, with the header of the reply that brought it.
func newResponse(resp *http.Response, event *gen.Event) *Response {
	r := &Response{Action: Action(event.Action), Node: newNode(event.Node), PrevNode: newNode(event.PrevNode)}
	return r.withHeader(resp)
}

// withHeader returns r with what the header tells.
func (r *Response) withHeader(resp *http.Response) *Response {
	r.Index = cluster.IndexOf(resp)
	r.RaftIndex = cluster.HeaderNumber(resp, "X-Raft-Index")
	r.RaftTerm = cluster.HeaderNumber(resp, "X-Raft-Term")
	r.ClusterID = cluster.IDOf(resp)
	return r
}

// asJSON returns what takes a text that is the JSON of a T, which must be complete.
func asJSON[T any](value *T, complete func() bool) func(text []byte) bool {
	return func(text []byte) bool { return json.Unmarshal(text, value) == nil && complete() }
}

// isEmpty takes the text with which etcd says yes to a change where it has nothing to tell.
var isEmpty = wanted{func(text []byte) bool { return len(text) == 0 }, "an empty body is etcd's yes"}
