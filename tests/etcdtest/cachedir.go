package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// errNoCache is why a binary cannot be kept in a directory; another one may do.
var errNoCache = errors.New("no cache for binaries")

// A cache is a directory in which binaries are kept. Nobody else may be able to put a program there.
type cache struct {
	path   string
	shared bool // its parent is open to everybody
}

// caches returns the directories in which binaries may be: in the user's cache directory, if there is one, and among
// the temporary files, for a user who has none or cannot write there.
func caches() []cache {
	var all []cache
	if base, err := os.UserCacheDir(); err == nil {
		all = append(all, cache{path: filepath.Join(base, "etcdtest")})
	}
	return append(all, cache{filepath.Join(os.TempDir(), fmt.Sprintf("etcdtest-%d", os.Getuid())), true})
}

// check returns an error if somebody else could have put a program into the directory.
func (c cache) check() error {
	stat, ok := os.Stat, isOwn
	if c.shared { // where anybody may have made it first, or a link to a directory of somebody else
		stat, ok = os.Lstat, isPrivate
	}
	info, err := stat(c.path)
	if err != nil {
		return err
	}
	if !info.IsDir() || !ok(info) {
		return fmt.Errorf("%s is not a directory that only this user can change; remove it, or set XDG_CACHE_HOME", c.path)
	}
	return nil
}

// prepare makes the directory if needed.
func (c cache) prepare() error {
	mkdir := os.MkdirAll
	if c.shared {
		mkdir = os.Mkdir
	}
	if err := mkdir(c.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	return nil
}

// waitLock returns the locked file of that name, when no other process has it.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(file)
		if ok && err == nil {
			return file, nil
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), file.Close())
		case <-time.After(pollInterval):
		}
	}
}
