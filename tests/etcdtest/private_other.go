//go:build !unix

package etcdtest

import "io/fs"

// isPrivate is false where the mode of a file does not tell who may use it.
func isPrivate(fs.FileInfo) bool { return false }

// isOwn is true where the user's cache directory is the user's own as the system makes it.
func isOwn(fs.FileInfo) bool { return true }
