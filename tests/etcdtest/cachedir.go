package etcdtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// cacheDir returns the directory in which binaries are kept, and makes it if needed. For
// a user who has no cache directory it is among the temporary files, where anybody may
// have made it first and put a program into it. So it must be the user's alone.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err == nil {
		dir := filepath.Join(base, "etcdtest")
		return dir, os.MkdirAll(dir, 0o700)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("etcdtest-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, lstatErr := os.Lstat(dir) // a link could lead to a directory of somebody else
	switch {
	case lstatErr != nil:
		return "", lstatErr
	case !info.IsDir() || !isPrivate(info):
		return "", fmt.Errorf("%w, and %s is not a directory that only this user can change; "+
			"set a cache directory, or remove that", err, dir)
	}
	return dir, nil
}
