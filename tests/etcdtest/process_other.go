//go:build !linux

package etcdtest

import "syscall"

// dieWithParent can be had on Linux only: elsewhere, a test process that is killed
// leaves its etcd processes behind.
func dieWithParent() *syscall.SysProcAttr { return nil }
