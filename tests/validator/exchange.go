package validator

import (
	"net/http"
	"net/url"
)

// An Exchange is one request with its answer. Recorded ones can be checked again, see [Spec.Check].
type Exchange struct {
	Method        string
	URL           *url.URL // as sent: escapes and query are as they were
	RequestHeader http.Header
	RequestBody   []byte

	Status         int
	ResponseHeader http.Header
	ResponseBody   []byte
	Cut            bool // the body was not read to its end
}

// isWatch reports whether the request waits for events, so that its answer may end without one.
func (e *Exchange) isWatch() bool {
	return e.Method == http.MethodGet && e.URL.Query().Get("wait") == "true"
}
