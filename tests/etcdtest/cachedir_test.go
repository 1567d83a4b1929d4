//go:build unix

package etcdtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// homeless makes this process that of a user without a cache directory, and returns the
// directory that it uses then.
func homeless(t *testing.T) (dir string) {
	t.Helper()
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("TMPDIR", t.TempDir())
	return filepath.Join(os.TempDir(), fmt.Sprintf("etcdtest-%d", os.Getuid()))
}

// Anybody can be the first to make something among the temporary files.
func TestBinariesAreKeptWhereNobodyElsePutsThem(t *testing.T) {
	for name, test := range map[string]struct {
		make func(dir string) error
		ok   bool
	}{
		"nothing there":         {func(string) error { return nil }, true},
		"the user's own":        {func(dir string) error { return mkdir(dir, 0o700) }, true},
		"open to the group":     {func(dir string) error { return mkdir(dir, 0o770) }, false},
		"open to all":           {func(dir string) error { return mkdir(dir, 0o777) }, false},
		"a link to a directory": {func(dir string) error { return os.Symlink(filepath.Dir(dir), dir) }, false},
		"a file":                {func(dir string) error { return os.WriteFile(dir, nil, 0o600) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := homeless(t)
			if err := test.make(dir); err != nil {
				t.Fatal(err)
			}
			all := caches()
			if len(all) != 1 || all[0].path != dir {
				t.Fatalf("binaries are kept in %v, want %s", all, dir)
			}
			err := all[0].prepare()
			if (err == nil) != test.ok {
				t.Fatalf("a binary could be kept there: %v", err)
			}
			if (all[0].check() == nil) != test.ok {
				t.Errorf("a binary that is there would be run: %t", !test.ok)
			}
		})
	}
}

// mkdir makes a directory of that mode, whatever the umask.
func mkdir(dir string, mode fs.FileMode) error {
	if err := os.Mkdir(dir, mode); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

// someones is the information about a private directory of a user.
type someones struct {
	fs.FileInfo
	uid uint32
}

func (s someones) Sys() any { return &syscall.Stat_t{Uid: s.uid} }

func TestPrivateDirectoryIsTheUsersOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "private")
	if err := mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		t.Fatal(err)
	}
	self := uint32(os.Getuid())
	for uid, want := range map[uint32]bool{self: true, self + 1: false} {
		if got := isPrivate(someones{info, uid}); got != want {
			t.Errorf("the directory of user %d is private to user %d: %t", uid, self, got)
		}
	}
}
