package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// pollInterval is the pause between two looks at a condition.
	pollInterval = 20 * time.Millisecond
	// patience bounds a wait for which the caller set no limit.
	patience = time.Minute
)

// permanentError ends a poll: waiting longer is of no use.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// limited returns ctx with a deadline: its own, or patience from now.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, patience, fmt.Errorf("no success within %v: %w", patience, context.DeadlineExceeded))
}

// poll calls check until it succeeds or fails for good. When ctx ends first, the
// error tells that and what check said last.
func poll(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := limited(ctx)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var last error // of a look that had the time that it needs
	for {
		err := check(ctx)
		if err == nil || errors.As(err, new(permanentError)) {
			return err
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last: %w)", context.Cause(ctx), last)
		case <-ticker.C:
		}
	}
}
