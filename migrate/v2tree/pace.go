package v2tree

import (
	"context"
	"sync"
	"time"

	"github.com/etcdv2/client/migrate/internal/sleep"
)

// A pace keeps writes at a rate.
type pace struct {
	rate float64 // a second; 0 for no limit
	mu   sync.Mutex
	next time.Time
}

// wait returns when the next write may be made. It returns early if ctx is done, and the write then fails by itself.
func (p *pace) wait(ctx context.Context) {
	if p.rate <= 0 {
		return
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	left := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(float64(time.Second) / p.rate))
	p.mu.Unlock()
	_ = sleep.For(ctx, left)
}
