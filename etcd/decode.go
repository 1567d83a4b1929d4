package etcd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/etcdv2/client/gen"
)

// decode turns what a call on keys of the generated client returns into a Response. A reply
// that is not a success has been turned into an error by then: see cluster.attempt.
func decode(resp *http.Response, err error) (*Response, error) {
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, ok := resp.Body.(*wholeBody)
	if !ok {
		if body, err = readWhole(resp.Body); err != nil {
			return nil, err
		}
		defer body.Close()
	}
	event, err := body.decode(resp)
	if err != nil && !isRead(resp.Request) {
		// Somebody said yes to a write in words that etcd does not use.
		return nil, fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	return event, err
}

// readBody returns the whole body of a reply and closes it.
func readBody(resp *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// decodeEvent decodes the body of a successful reply. A body that is not an event is an *Error:
// something else than etcd answered.
func decodeEvent(resp *http.Response, body []byte) (*Response, error) {
	if event := decodePlain(body); event != nil {
		return event.withHeader(resp), nil
	}
	var event gen.Event
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, foreign(resp, body, err.Error())
	}
	if event.Node == nil {
		return nil, foreign(resp, body, "no node in the reply")
	}
	return newResponse(resp, &event), nil
}

// newResponse translates an event from the wire, with the header of the reply that brought it.
func newResponse(resp *http.Response, event *gen.Event) *Response {
	r := &Response{Action: Action(event.Action), Node: newNode(event.Node), PrevNode: newNode(event.PrevNode)}
	return r.withHeader(resp)
}

// withHeader returns r with what the header tells.
func (r *Response) withHeader(resp *http.Response) *Response {
	r.Index = headerNumber(resp, "X-Etcd-Index")
	r.RaftIndex = headerNumber(resp, "X-Raft-Index")
	r.RaftTerm = headerNumber(resp, "X-Raft-Term")
	r.ClusterID = resp.Header.Get("X-Etcd-Cluster-Id")
	return r
}

// headerNumber returns a numeric header, or 0 where it is missing or no number.
func headerNumber(resp *http.Response, name string) uint64 {
	text := resp.Header.Get(name)
	if text == "" {
		return 0 // spares the making of an error
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// decodeError turns a reply that is not a success into an *Error.
func decodeError(resp *http.Response, body []byte) *Error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e := foreign(resp, nil, "redirect not followed: "+resp.Header.Get("Location"))
		e.location = resp.Header.Get("Location")
		return e
	}
	if resp.Request.Method == http.MethodHead {
		return headError(resp)
	}
	var wire gen.Error
	if json.Unmarshal(body, &wire) != nil || wire.Message == "" {
		return foreign(resp, showable(resp.Request, body), "")
	}
	if setsPassword(resp.Request) && !isEtcdsWord(wire.Message) {
		return foreign(resp, nil, "")
	}
	e := newError(resp, wire.Message)
	e.Code, e.Cause, e.Index = ErrorCode(wire.ErrorCode), wire.Cause, wire.Index
	return e
}

// showable returns what may be shown of a body that somebody else than etcd may have written: where
// that could quote a password from the request, nothing but the page that is known.
func showable(req *http.Request, body []byte) []byte {
	if setsPassword(req) && string(bytes.TrimSpace(body)) != missingPage {
		return nil
	}
	return body
}

// headCodes are the codes that the replies to a HEAD without parameters stand for: such a
// reply has no body to say it.
var headCodes = map[int]ErrorCode{
	http.StatusNotFound:     ErrKeyNotFound,
	http.StatusBadRequest:   ErrNotDir,
	http.StatusUnauthorized: ErrUnauthorized,
}

func headError(resp *http.Response) *Error {
	e := newError(resp, http.StatusText(resp.StatusCode))
	// Only etcd sends the index; the 404 of some other server says nothing of a key.
	if resp.Header.Get("X-Etcd-Index") != "" {
		e.Code = headCodes[resp.StatusCode]
		e.Index = headerNumber(resp, "X-Etcd-Index")
	}
	return e
}

// foreign is the error for a reply that is not etcd's JSON: a proxy's page, a redirect.
func foreign(resp *http.Response, body []byte, why string) *Error {
	const shown = 200
	text := strings.ToValidUTF8(string(bytes.TrimSpace(body[:min(len(body), shown)])), "")
	switch {
	case text == "":
		text = http.StatusText(resp.StatusCode)
	case len(body) > shown:
		text += "…"
	}
	e := newError(resp, text)
	e.Cause = why
	return e
}

func newError(resp *http.Response, message string) *Error {
	return &Error{
		Message:    message,
		StatusCode: resp.StatusCode,
		Method:     resp.Request.Method,
		Path:       resp.Request.URL.Path,
		Endpoint:   fmt.Sprintf("%s://%s", resp.Request.URL.Scheme, resp.Request.URL.Host),
		cluster:    resp.Header.Get("X-Etcd-Cluster-Id"),
	}
}
