// Package contexts merges contexts.
package contexts

import "context"

// Merge returns a context with the values and the deadline of ctx that ends with ctx, and with other, too;
// its cause is then that of other. The caller calls cancel when it needs the context no longer.
func Merge(ctx, other context.Context) (merged context.Context, cancel context.CancelFunc) {
	merged, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { end(context.Cause(other)) })
	return merged, func() {
		stop()
		end(nil)
	}
}
