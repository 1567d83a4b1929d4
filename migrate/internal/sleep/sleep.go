// Package sleep waits.
package sleep

import (
	"context"
	"time"
)

// For waits for d or the end of ctx, and then returns the error of ctx.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
