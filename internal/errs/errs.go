// Package errs defines the errors that are returned both by package etcd, which exports them, and by the
// packages below it.
package errs

import (
	"errors"
	"fmt"
)

var (
	// ErrInvalidArgument is etcd.ErrInvalidArgument.
	ErrInvalidArgument = errors.New("etcd: invalid argument")

	// ErrWrongCluster is etcd.ErrWrongCluster.
	ErrWrongCluster = errors.New("answer from another cluster")

	// ErrClosed is etcd.ErrClosed.
	ErrClosed = errors.New("client closed")
)

// Invalidf returns an error that matches ErrInvalidArgument and says what the caller passed. Its text begins
// with "etcd: ".
func Invalidf(format string, args ...any) error {
	return &argumentError{fmt.Sprintf("etcd: "+format, args...)}
}

type argumentError struct{ text string }

func (e *argumentError) Error() string        { return e.text }
func (e *argumentError) Is(target error) bool { return target == ErrInvalidArgument }
