package etcdtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// workDirs is what the names of working directories begin with.
const workDirs = "etcdtest-run-"

// A workDir is a directory of this process. The process holds a lock on it, which ends with
// the process, whatever ends that. So whoever makes such a directory next can tell the ones that nobody uses, and
// removes them.
type workDir struct {
	path string
	lock *os.File
}

// newWorkDir makes a directory in parent, and removes those that dead processes left there.
func newWorkDir(parent string) (*workDir, error) {
	sweep(parent)
	for {
		path, err := os.MkdirTemp(parent, workDirs)
		if err != nil {
			return nil, err
		}
		d, err := lockDir(path)
		// Another process that sweeps may have found it before it was locked. It is gone then.
		if err != nil || d != nil {
			return d, err
		}
	}
}

// remove removes the directory.
func (d *workDir) remove() error {
	if d == nil {
		return nil
	}
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// lockDir returns the directory, locked by this process, or nil if another process has it or it is gone.
func lockDir(path string) (*workDir, error) {
	lock, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(lock)
	if ok && err == nil {
		ok, err = isAt(lock, path)
	}
	if !ok || err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &workDir{path, lock}, nil
}

// isAt reports whether the open file is still the one at path.
func isAt(file *os.File, path string) (bool, error) {
	opened, err := file.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(opened, there), err
}

// sweep removes the working directories of this user that no process holds. What it cannot remove stays: it is not
// what the caller came for.
func sweep(parent string) {
	if !locksEnd {
		return
	}
	paths, _ := filepath.Glob(filepath.Join(parent, workDirs+"*"))
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || !isPrivate(info) {
			continue
		}
		if d, err := lockDir(path); err == nil {
			_ = d.remove()
		}
	}
}
