package main

import (
	"os"
	"syscall"
)

// peak returns the most memory in MiB that a process has had.
func peak(state *os.ProcessState) int64 {
	return state.SysUsage().(*syscall.Rusage).Maxrss >> 10
}
