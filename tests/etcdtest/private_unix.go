//go:build unix

package etcdtest

import (
	"io/fs"
	"os"
	"syscall"
)

// isPrivate reports whether a file belongs to this user, and nobody else may use it.
func isPrivate(info fs.FileInfo) bool { return isOwners(info) && info.Mode().Perm()&0o077 == 0 }

// isOwn reports whether a file belongs to this user, and nobody else may change it.
func isOwn(info fs.FileInfo) bool { return isOwners(info) && info.Mode().Perm()&0o022 == 0 }

func isOwners(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
