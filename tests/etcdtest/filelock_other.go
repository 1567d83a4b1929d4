//go:build !unix || solaris || aix

package etcdtest

import "os"

// locksEnd reports whether a lock tells that its owner lives.
const locksEnd = false

// tryLock locks nothing: package syscall has no such lock here.
func tryLock(*os.File) (bool, error) { return true, nil }
