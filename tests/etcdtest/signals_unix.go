//go:build unix

package etcdtest

import "syscall"

const (
	termSignal     = syscall.SIGTERM
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
	canFreeze      = true
)
