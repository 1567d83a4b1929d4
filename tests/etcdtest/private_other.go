//go:build !unix

package etcdtest

import "io/fs"

// isPrivate is false where the mode of a file does not tell who may use it.
func isPrivate(fs.FileInfo) bool { return false }
