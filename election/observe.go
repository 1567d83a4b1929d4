package election

import (
	"context"
	"iter"
)

// Observe iterates over the leaders: first who leads now, and then every change, of the leader or of what it
// proclaims. A Leader that is not Elected says that there is none.
//
//	for leader, err := range election.Observe(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(leader.Name)
//	}
//
// It survives failures of members and a cleared history; what it missed then, it does not make up for: see
// locking.Mutex.Observe, also for the few errors besides ctx's end that end it.
func (e *Election) Observe(ctx context.Context) iter.Seq2[Leader, error] {
	return func(yield func(Leader, error) bool) {
		for holder, err := range e.mutex.Observe(ctx) {
			if !yield(leader(holder), err) {
				return
			}
		}
	}
}
