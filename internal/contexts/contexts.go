// Package contexts reports why contexts have ended, and merges contexts.
//
// The cause of a context can be any error. Package errgroup, for example, cancels a context with the error of
// another call, which may be etcd's "key not found". So the library never decides anything by the cause of a
// context that derives from a caller's. [Err] keeps the cause in the text of an error, outside its chain.
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
