package locking

import (
	"errors"
	"fmt"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/internal/errs"
)

var (
	// ErrLost says that the lock is not held any more, or soon will not be, though it was not unlocked: it
	// could not be kept alive in time, or its key was removed or taken over.
	ErrLost = errs.New("locking: lock lost")

	// ErrUnlocked is the cause of a lock's Context after Unlock.
	ErrUnlocked = errs.New("locking: lock unlocked")

	// ErrLocked is the answer of a TryLock that would have had to wait.
	ErrLocked = errs.New("locking: held by others")

	// ErrOtherLimit says that another contender of a Semaphore has another limit. See WithFormerLimit.
	ErrOtherLimit = errs.New("locking: another limit")

	// ErrNotHeld says that nobody holds the lock.
	ErrNotHeld = errs.New("locking: held by nobody")
)

// errTakenOver is a loss that no new try can mend: two processes of one identity would take the lock from
// each other for ever.
var errTakenOver = errs.New("written by somebody else, perhaps a process of the same identity that has taken it over")

// errOverdue is a loss by the place's own deadline.
var errOverdue = errs.New("not renewed in time")

// lost makes an ErrLost that says how.
func lost(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrLost, fmt.Errorf(format, args...))
}

// invalid makes an error that matches etcd.ErrInvalidArgument.
func invalid(format string, args ...any) error {
	return fmt.Errorf("locking: %s: %w", fmt.Sprintf(format, args...), etcd.ErrInvalidArgument)
}

// refused reports whether the cluster has decided against a write, with that code.
func refused(err error, code etcd.ErrorCode) bool {
	return errors.Is(err, code) && !errors.Is(err, etcd.ErrOutcomeUnknown)
}
