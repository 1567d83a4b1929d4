//go:build unix

package etcdtest

import (
	"os"
	"path/filepath"
	"testing"
)

// A directory belongs to one process, until that removes it or ends.
func TestWorkDirIsHeld(t *testing.T) {
	parent := t.TempDir()
	d, err := newWorkDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := lockDir(d.path); other != nil || err != nil {
		t.Errorf("it was locked twice: %v", err)
	}
	sweep(parent)
	if _, err := os.Stat(d.path); err != nil {
		t.Errorf("it was swept: %v", err)
	}
	if err := d.lock.Close(); err != nil { // as the end of the process does
		t.Fatal(err)
	}
	sweep(parent)
	if left, err := filepath.Glob(parent + "/*"); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
	if other, err := lockDir(d.path); other != nil || err != nil {
		t.Errorf("a directory that is gone was locked: %v", err)
	}
}

// What has only the name of a directory of this user stays.
func TestSweepTakesOwnDirectoriesOnly(t *testing.T) {
	parent := t.TempDir()
	for name, make := range map[string]func(path string) error{
		"open": func(path string) error { return mkdir(path, 0o755) },
		"file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"link": func(path string) error { return os.Symlink(t.TempDir(), path) },
	} {
		path := filepath.Join(parent, workDirs+name)
		if err := make(path); err != nil {
			t.Fatal(err)
		}
		sweep(parent)
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A directory that was removed, and made again by somebody else, before it was locked is not the one that was opened.
func TestLockOfAnotherDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	if err := mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	same := func() bool {
		t.Helper()
		same, err := isAt(opened, path)
		if err != nil {
			t.Fatal(err)
		}
		return same
	}
	if !same() {
		t.Error("it is not at its path")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if same() {
		t.Error("it is at its path when it is gone")
	}
	if err := mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if same() {
		t.Error("another one is taken for it")
	}
}
