package v2tree

import (
	"errors"
	"net/http"
)

// WithoutQuorum returns a transport that sends no quorum read. It is for the etcd.Config.HTTPClient of a client that reads
// a cluster of etcd 3.5, where a quorum read leaves an entry in the log. A client makes one by itself if a member that is
// behind says that a key does not exist: with this transport that read fails, and is made again.
func WithoutQuorum(transport http.RoundTripper) http.RoundTripper {
	return withoutQuorum{transport}
}

type withoutQuorum struct {
	transport http.RoundTripper
}

var errQuorum = errors.New("a quorum read would leave an entry in the server's log")

func (t withoutQuorum) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Get("quorum") == "true" {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errQuorum
	}
	return t.transport.RoundTrip(r)
}

// Unwrap shows a client the transport beneath, which reports whether a request has left it.
func (t withoutQuorum) Unwrap() http.RoundTripper {
	return t.transport
}
