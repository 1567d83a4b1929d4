//go:build !linux

package etcdtest

import "syscall"

// dieWithParent can be had on Linux only: elsewhere, a test process that is killed
// leaves its etcd processes behind.
func dieWithParent() *syscall.SysProcAttr { return nil }

// waitStopped cannot tell here when all threads have stopped; it takes microseconds.
func waitStopped(int) error { return nil }
