// Package errs has the errors that both package etcd, which exports them, and the packages beneath it return.
package errs

import (
	"errors"
	"fmt"
)

var (
	// InvalidArgument is etcd.ErrInvalidArgument.
	InvalidArgument = errors.New("etcd: invalid argument")

	// WrongCluster is etcd.ErrWrongCluster.
	WrongCluster = errors.New("answer from another cluster")

	// Closed is etcd.ErrClosed.
	Closed = errors.New("client closed")
)

// Invalidf returns an error that says what the caller gave and matches InvalidArgument. Its text begins with
// "etcd: ".
func Invalidf(format string, args ...any) error {
	return &argumentError{fmt.Sprintf("etcd: "+format, args...)}
}

type argumentError struct{ text string }

func (e *argumentError) Error() string        { return e.text }
func (e *argumentError) Is(target error) bool { return target == InvalidArgument }
