package validator

import (
	"net/http"
	"net/url"
)

// An Exchange is one request with its answer. Recorded ones can be checked again, see [Spec.Check].
type Exchange struct {
	Method        string
	URL           *url.URL // as sent: escapes and query are as they were
	Prefix        string   // is in front of the API's paths, see [Transport.Prefix]
	RequestHeader http.Header
	RequestBody   []byte

	Status         int
	ResponseHeader http.Header
	ResponseBody   []byte // as sent: an encoding is not undone
	Cut            bool   // the body was not read to its end, or is longer than [Transport.MaxBody]

	requestCut bool // RequestBody is not all of it
}

// isWatch reports whether the request waits for events, so that its answer may end without one.
func (e *Exchange) isWatch() bool {
	return e.Method == http.MethodGet && e.URL.Query().Get("wait") == "true"
}

// isStream reports whether the answer may have any number of events.
func (e *Exchange) isStream() bool { return e.isWatch() && e.URL.Query().Get("stream") == "true" }
