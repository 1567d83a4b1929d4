package etcd

import (
	"fmt"

	"github.com/etcdv2/client/internal/errs"
	"github.com/etcdv2/client/internal/foreign"
)

// WatchError says why a server's answer ended a watch, and how far the watch had come. To continue, watch again,
// WithCurrent; or read Key and watch from that response's Index or, if Key does not exist, from the Index of the
// *Error. To find what changed in between, compare the contents, as a Mirror does.
type WatchError struct {
	Key   string // the key watched, with its leading slash
	After uint64 // the etcd index up to which every event was delivered; some behind it may have been, too
	Err   error  // why: an *Error such as ErrEventIndexCleared, or ErrWrongCluster or ErrClusterRolledBack
}

// Error returns the key, the index and the reason.
func (e *WatchError) Error() string {
	return fmt.Sprintf("etcd: watch %s ended after index %d: %v", foreign.Line(e.Key, mostPathShown), e.After, errs.Bare(e.Err))
}

// Unwrap returns Err.
func (e *WatchError) Unwrap() error { return e.Err }

// ended returns the error for a watch that err ends after all events up to after have been delivered.
func (w *watch) ended(after uint64, err error) error {
	return &WatchError{Key: w.key, After: after, Err: err}
}
