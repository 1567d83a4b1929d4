//go:build !unix

package etcdtest

import "syscall"

// The only signal that a process can be sent here is the one that kills it. Sending the others is an error.
const (
	termSignal     = syscall.SIGKILL
	stopSignal     = syscall.Signal(-1)
	continueSignal = syscall.Signal(-1)
	canFreeze      = false
)
