package cluster

import (
	"io"
	"net/http"
	"sync/atomic"
)

// arrival is what has arrived of the reply to an attempt. It stands in for the body of the reply and counts
// its bytes, so that an attempt that times out can say whether its member was silent or slow.
type arrival struct {
	body  io.ReadCloser
	begun atomic.Bool  // the header has arrived
	bytes atomic.Int64 // of the body
}

// begin records the header of resp, and becomes its body.
func (a *arrival) begin(resp *http.Response) {
	a.body, resp.Body = resp.Body, a
	a.begun.Store(true)
}

// Read reads from the body.
func (a *arrival) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	a.bytes.Add(int64(n))
	return n, err
}

// Close closes the body.
func (a *arrival) Close() error { return a.body.Close() }
