package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pollInterval is the pause between two looks at a condition.
const pollInterval = 20 * time.Millisecond

// permanentError ends a poll: waiting longer is of no use.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// poll calls check until it succeeds or fails for good. When ctx ends first, the
// error tells that and what check said last.
func poll(ctx context.Context, check func(context.Context) error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		err := check(ctx)
		if err == nil || errors.As(err, new(permanentError)) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last: %w)", context.Cause(ctx), err)
		case <-ticker.C:
		}
	}
}
