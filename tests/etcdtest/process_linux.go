package etcdtest

import "syscall"

// dieWithParent has the kernel kill the process when this one dies, however it dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
