package etcd

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/etcdv2/client/internal/cluster"
)

// A verb builds its request with package gen and states its intent; no later code derives the intent from the
// URL. The cluster sends the request and has each reply sorted here, within the attempt. A reply is sorted
// once, into a verdict for the cluster and an error for the user; see reply.go. The root has no calls of its
// own: its path is the path of the empty key. Each verb handles the quirks of etcd that it meets, with the
// version in a comment.

// do makes a call and returns nil or the error of this package for its result.
func (c *Client) do(ctx context.Context, call *cluster.Call) error {
	result := c.cluster.Do(ctx, call)
	return c.errorOf(ctx, call, &result)
}

// errorOf returns the error for the result of a call, or nil for a success.
func (c *Client) errorOf(ctx context.Context, call *cluster.Call, result *cluster.Result) error {
	switch {
	case result.Settled(), len(result.Attempts) == 0:
		return result.Err
	case !slices.ContainsFunc(result.Attempts, func(a cluster.Attempt) bool { return !a.Missing }):
		return &notSupportedError{c.versionOf(ctx, result.Member), result.Err}
	}
	return c.newClusterError(call, result)
}

// intent is what a verb wants from a call on keys.
type intent int

const (
	toRead     intent = iota // what the cluster agrees on
	toReadCopy               // the copy of a member, which may be behind
	toWrite
	toLease // to write, so that a key may be made that expires
	toRenew // to write, so that a key lives longer
)

// keysCall is a call on keys. Its answer is an event, or, for a HEAD, the index.
type keysCall struct {
	cluster.Call
	intent intent
	asked  asked
	most   int64     // bytes of the body of a success; 0 for no limit
	event  *Response // the answer, once it has arrived
	index  uint64    // the store's, from the header of the answer; 0 if none
}

// newKeysCall returns the call for req.
func newKeysCall(req *http.Request, want intent, what asked) *keysCall {
	call := cluster.Call{Request: req, Read: want < toWrite, Expires: want == toLease, Vital: want == toRenew}
	k := &keysCall{Call: call, intent: want, asked: what}
	k.Answer = k
	return k
}

// onKeys makes a call on keys.
func (c *Client) onKeys(ctx context.Context, req *http.Request, want intent, what asked) (*Response, error) {
	call := newKeysCall(req, want, what)
	call.most = c.mostReplyBytes
	if err := c.do(ctx, &call.Call); err != nil {
		return nil, err
	}
	c.first.CompareAndSwap(0, call.event.Index)
	return call.event, nil
}

// older reports whether resp may be of a time before this client: whether it may have been stored by a process
// that has ended, and the cluster may have been replaced since.
func (c *Client) older(resp *Response) bool {
	first := c.first.Load()
	return first == 0 || resp.Index < first
}

// textCall is a call whose answer is a text, such as a call about members, users or roles.
type textCall struct {
	cluster.Call
	want   wanted
	secret bool // the request carries a password
	status int  // of the success
}

// wanted describes the text that is the answer to a call.
type wanted struct {
	decode func(text []byte) bool // decodes the text; false if it is not the answer
	not    string                 // describes a text that is not the answer
	signed bool                   // the header has the cluster's ID, in all versions that have the call
}

// ask makes a call that reads something other than keys.
func (c *Client) ask(ctx context.Context, req *http.Request, want wanted) error {
	call := newTextCall(req, want)
	call.Read = true
	return c.do(ctx, &call.Call)
}

// change makes a call that changes something other than keys.
func (c *Client) change(ctx context.Context, req *http.Request, want wanted) error {
	return c.do(ctx, &newTextCall(req, want).Call)
}

func newTextCall(req *http.Request, want wanted) *textCall {
	t := &textCall{Call: cluster.Call{Request: req}, want: want}
	t.Answer = t
	return t
}

// newClusterError returns the error for a call that no member has settled.
func (c *Client) newClusterError(call *cluster.Call, result *cluster.Result) *ClusterError {
	e := &ClusterError{
		Method: call.Request.Method, Path: c.cluster.PathOf(call.Request),
		unknown: !call.Read && result.Outcome == cluster.Unknown, ended: result.Ended,
	}
	e.leaderless = result.Leaderless && !e.unknown
	for _, a := range result.Attempts {
		e.Attempts = append(e.Attempts, Attempt{a.Endpoint, a.Duration, a.Err})
	}
	return e
}

// isRefusedBy reports whether err is an *Error with that status.
func isRefusedBy(err error, status int) bool {
	var reply *Error
	return errors.As(err, &reply) && reply.StatusCode == status
}
