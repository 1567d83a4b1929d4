// Package contexts merges contexts.
package contexts

import "context"

// Merge returns a context with the values and the deadline of ctx. It ends when ctx ends, or when other ends,
// with the cause of other. The caller must call cancel when it no longer needs the context.
func Merge(ctx, other context.Context) (merged context.Context, cancel context.CancelFunc) {
	merged, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { end(context.Cause(other)) })
	return merged, func() {
		stop()
		end(nil)
	}
}
