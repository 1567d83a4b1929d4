package election

import (
	"context"
	"iter"
)

// Observe iterates over the leaders: first the current one, and then every change, of the leader or of what it
// proclaims. A Leader that is not Elected means that there is none.
//
//	for leader, err := range election.Observe(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(leader.Name)
//	}
//
// Observe survives failures of members and a cleared history, but misses the leaders in between. See
// locking.Mutex.Observe, also for the few errors that end it besides ctx.Err().
func (e *Election) Observe(ctx context.Context) iter.Seq2[Leader, error] {
	return func(yield func(Leader, error) bool) {
		for holder, err := range e.mutex.Observe(ctx) {
			if !yield(leader(holder), err) {
				return
			}
		}
	}
}
