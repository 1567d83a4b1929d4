package etcd

import (
	"context"
	"errors"
	"fmt"
)

// WatchError says why a server's answer ended a watch, and how far it had come. To go on, read Key
// and watch from that response's Index: what changed between the two is then to be found by
// comparing, as a Mirror does.
type WatchError struct {
	Key   string // the key watched, with its leading slash
	After uint64 // the etcd index up to which every event was delivered
	Err   error  // why: an *Error, such as one that is ErrEventIndexCleared, ErrWrongCluster, ErrClusterRolledBack
}

// Error says which watch ended where, and why.
func (e *WatchError) Error() string {
	return fmt.Sprintf("etcd: watch %s ended after index %d: %v", oneLine(e.Key), e.After, e.Err)
}

// Unwrap returns Err.
func (e *WatchError) Unwrap() error { return e.Err }

// ended is the error for a watch that err ends.
func (w *watch) ended(err error) error {
	return &WatchError{Key: w.key, After: max(w.next, 1) - 1, Err: err}
}

// final reports whether a request's error would be the same the next time.
func final(err error) bool {
	var unanswered *ClusterError
	var reply *Error
	if errors.As(err, &unanswered) {
		return unanswered.all(ErrWrongCluster)
	}
	for _, target := range []error{ErrInvalidArgument, ErrWrongCluster, ErrClusterRolledBack} {
		if errors.Is(err, target) {
			return true
		}
	}
	return errors.As(err, &reply) && reply.StatusCode >= 300
}

// all reports whether every attempt failed for the same reason.
func (e *ClusterError) all(reason error) bool {
	for _, attempt := range e.Attempts {
		if !errors.Is(attempt.Err, reason) {
			return false
		}
	}
	return true
}

// checkRolledBack returns ErrClusterRolledBack if the cluster as a whole has not reached the events
// that were delivered already. A member that is behind them may merely be slow.
func (w *watch) checkRolledBack(ctx context.Context, next uint64) error {
	index, err := indexTold(w.client.Get(ctx, w.asked, WithQuorum()))
	if err != nil {
		return err
	}
	if index+1 < next {
		return fmt.Errorf("%w: at index %d, %d has been seen", ErrClusterRolledBack, index, next-1)
	}
	return nil
}
