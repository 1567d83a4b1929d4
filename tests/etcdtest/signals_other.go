//go:build !unix

package etcdtest

import "syscall"

// There are no such signals; sending one is an error.
const (
	stopSignal     = syscall.Signal(-1)
	continueSignal = syscall.Signal(-1)
)
