package sim

import (
	"context"
	"net/http"
	"time"
)

// stalled is the reply to a request that waits. What follows its header comes late, as when packets get lost on one
// connection of many.
type stalled struct {
	http.ResponseWriter
	ctx  context.Context // of the request
	by   time.Duration
	over <-chan struct{}
}

func (s *stalled) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }

// Write writes an event.
func (s *stalled) Write(p []byte) (int, error) {
	select {
	case <-time.After(s.by):
	case <-s.over:
	}
	return s.ResponseWriter.Write(p)
}

// CloseNotify tells etcd's handler, which asks for that, when the request has been given up.
func (s *stalled) CloseNotify() <-chan bool {
	given := make(chan bool, 1)
	context.AfterFunc(s.ctx, func() { given <- true })
	return given
}
