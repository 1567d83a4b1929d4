package etcdtest

import "syscall"

// dieWithParent has the kernel kill the process when this one dies, however it dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// pPID is waitid's P_PID, which package syscall does not name: the second argument is a process ID.
const pPID = 1

// waitStopped returns when SIGSTOP has stopped all threads of the process: until then,
// one of them can go on answering.
func waitStopped(pid int) error {
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pPID, uintptr(pid), 0, syscall.WSTOPPED|syscall.WNOWAIT, 0, 0)
		switch errno {
		case 0:
			return nil
		case syscall.EINTR:
		default:
			return errno
		}
	}
}
