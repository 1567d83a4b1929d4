package locking

import (
	"log/slog"
	"time"

	"github.com/etcdv2/client/internal/errs"
)

// RenewalFailed reports to the client's Observer that a write to the key of a holder or a waiter has failed. It
// is retried until the Deadline.
type RenewalFailed struct {
	Key      string
	Deadline time.Time // see Lock.Deadline
	Err      error
}

// ObservationReopened reports to the client's Observer that an Observe reads its queue again, because it could
// not read or follow it. It may miss holders in between.
type ObservationReopened struct {
	Name string // the directory of the queue
	Err  error
}

// LogValue returns the fields.
func (e RenewalFailed) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("key", e.Key), slog.Time("deadline", e.Deadline))
}

// LogMessage returns how LogObserver writes the event.
func (e RenewalFailed) LogMessage() (slog.Level, string) {
	return slog.LevelWarn, "locking: renewal failed"
}

// LogValue returns the fields.
func (e ObservationReopened) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("name", e.Name))
}

// LogMessage returns how LogObserver writes the event.
func (e ObservationReopened) LogMessage() (slog.Level, string) {
	return slog.LevelInfo, "locking: queue read again"
}
