package cluster

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// health is what is known of a member's answering. The zero value is that of a member of which nothing bad is
// known.
type health struct {
	failures atomic.Int64 // in a row, those while it was set aside not counted
	until    atomic.Int64 // set aside until then, in nanoseconds since 1970
}

// failed sets the member aside for a while that doubles with every failure in a row, and returns the while; 0
// if it is set aside already, as by a call that ran at the same time.
func (h *health) failed() time.Duration {
	now, until := time.Now(), h.until.Load()
	if now.UnixNano() < until {
		return 0
	}
	doublings := min(h.failures.Load(), 10)
	while := min(firstAside<<doublings, mostAside)
	while = while/2 + rand.N(while/2+1)
	if !h.until.CompareAndSwap(until, now.Add(while).UnixNano()) {
		return 0
	}
	h.failures.Add(1)
	return while
}

// answered forgets what was known, and reports whether that was a failure.
func (h *health) answered() bool {
	if h.failures.Load() == 0 {
		return false
	}
	h.until.Store(0)
	return h.failures.Swap(0) != 0
}

// aside reports whether the member is set aside.
func (h *health) aside() bool {
	until := h.until.Load()
	return until != 0 && time.Now().UnixNano() < until
}
