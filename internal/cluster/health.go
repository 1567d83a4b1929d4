package cluster

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// health is what is known about the failures of a member. The zero value is the health of a member without
// failures.
type health struct {
	failures atomic.Int64 // in a row, except those while it was set aside
	until    atomic.Int64 // when it is no longer set aside, in nanoseconds since 1970
}

// failed sets the member aside for a duration that doubles with every failure in a row, and returns the
// duration. It returns 0 if the member is already set aside, for example by a concurrent call.
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

// answered forgets all failures and reports whether there was one.
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
