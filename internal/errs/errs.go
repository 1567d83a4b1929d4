// Package errs has the errors that both package etcd, which exports them, and the packages beneath it return.
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

// Invalidf returns an error that says what the caller gave and matches ErrInvalidArgument. Its text begins with
// "etcd: ".
func Invalidf(format string, args ...any) error {
	return &argumentError{fmt.Sprintf("etcd: "+format, args...)}
}

type argumentError struct{ text string }

func (e *argumentError) Error() string        { return e.text }
func (e *argumentError) Is(target error) bool { return target == ErrInvalidArgument }
