// Package errs defines the errors that are returned both by package etcd, which exports them, and by the
// packages below it.
package errs

import "fmt"

var (
	// ErrInvalidArgument is etcd.ErrInvalidArgument.
	ErrInvalidArgument = New("etcd: invalid argument")

	// ErrWrongCluster is etcd.ErrWrongCluster.
	ErrWrongCluster = New("etcd: answer from another cluster")

	// ErrClosed is etcd.ErrClosed.
	ErrClosed = New("etcd: client closed")

	// ErrNoConnection says that nothing was sent, because this process or its host is out of files, buffers,
	// memory or ports. It comes with the error of the system.
	ErrNoConnection = New("etcd: this process cannot open another connection")
)

// New returns an error as errors.New does. Its type makes External recognize it as the library's: New makes
// every error value that the library compares with.
func New(text string) error { return &sentinel{text} }

type sentinel struct{ text string }

func (e *sentinel) Error() string { return e.text }

// Invalidf returns an error that matches ErrInvalidArgument and says what the caller passed. Its text begins
// with "etcd: ".
func Invalidf(format string, args ...any) error {
	return Invalid("etcd: " + fmt.Sprintf(format, args...))
}

// Invalid returns an error that matches ErrInvalidArgument and has that text.
func Invalid(text string) error { return &argumentError{text} }

type argumentError struct{ text string }

func (e *argumentError) Error() string        { return e.text }
func (e *argumentError) Is(target error) bool { return target == ErrInvalidArgument }
