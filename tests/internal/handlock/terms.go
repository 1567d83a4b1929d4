package handlock

import (
	"sync"
	"time"
)

// terms are until when the lock is held without another renewal.
type terms struct {
	mu    sync.Mutex
	until time.Time
	early time.Duration // before until, the lock ends by itself
	timer *time.Timer
}

func (t *terms) begin(until time.Time, ttl time.Duration, lose func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until, t.early = until, ttl/safety
	t.timer = time.AfterFunc(time.Until(until)-t.early, func() {
		t.mu.Lock()
		left := time.Until(t.until) - t.early
		if left > 0 {
			t.timer.Reset(left) // it was renewed just then
		}
		t.mu.Unlock()
		if left <= 0 {
			lose()
		}
	})
}

func (t *terms) renew(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = until
	t.timer.Reset(time.Until(until) - t.early)
}

func (t *terms) end() { t.timer.Stop() }

func (t *terms) deadline() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until
}
