package locking

import (
	"errors"
	"fmt"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
)

var (
	// ErrLost means that the lock was lost, or soon will be, before it was unlocked: it could not be renewed in
	// time, or its key was deleted or taken over.
	ErrLost = errs.New("locking: lock lost")

	// ErrUnlocked is the cause of a lock's Context after Unlock.
	ErrUnlocked = errs.New("locking: lock unlocked")

	// ErrLocked is the error of a TryLock that would have had to wait.
	ErrLocked = errs.New("locking: lock held by others")

	// ErrOtherLimit means that another contender of a Semaphore has another limit. See WithFormerLimit.
	ErrOtherLimit = errs.New("locking: limits differ")

	// ErrNotHeld means that nobody holds the lock.
	ErrNotHeld = errs.New("locking: lock not held")
)

// errTakenOver is a loss that no new try can mend: two processes of one identity would take the lock from each
// other for ever.
var errTakenOver = errs.New("another process has written its key, perhaps one of the same identity that has taken it over")

// errOverdue is a loss by the place's own deadline.
var errOverdue = errs.New("it was not renewed in time")

// errGone is a loss by the deletion or the expiry of the key.
var errGone = errs.New("its key is gone")

// lost returns an ErrLost for a key, with the reason.
func lost(key string, reason error) error {
	return fmt.Errorf("locking: hold %s: %w: %w", key, errs.Bare(ErrLost), errs.Bare(reason))
}

// lostBy returns an ErrLost for a key that an event has ended.
func lostBy(event *etcd.Response, key string) error {
	return lost(key, fmt.Errorf("the action %s on %s has ended it", event.Action, event.Node.Key))
}

// invalid returns an error that matches etcd.ErrInvalidArgument.
func invalid(format string, args ...any) error {
	return errs.Invalid("locking: " + fmt.Sprintf(format, args...))
}

// passes reports whether the next try may succeed after one that failed with err, for a caller that a member has
// answered before: the server has the v2 API, so the page of one without it came from a gateway.
func passes(err error) bool { return etcd.Retryable(err) || errors.Is(err, etcd.ErrNotSupported) }

// refused reports whether the cluster has decided against a write, with that code.
func refused(err error, code etcd.ErrorCode) bool {
	return errors.Is(err, code) && !errors.Is(err, etcd.ErrOutcomeUnknown)
}
