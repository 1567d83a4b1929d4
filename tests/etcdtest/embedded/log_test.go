package embedded

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What ends the process is on the standard error, warnings are in the file only.
func TestLastWordsAreOnStandardError(t *testing.T) {
	file, screen := create(t, "log"), create(t, "screen")
	standard := os.Stderr
	os.Stderr = screen
	logger := warnings(file)
	os.Stderr = standard

	logger.Warn("a warning")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic of etcd was held back")
			}
		}()
		logger.Panic("the disk is full")
	}()
	for f, want := range map[*os.File][2]bool{file: {true, true}, screen: {false, true}} {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{strings.Contains(string(text), "a warning"), strings.Contains(string(text), "the disk is full")}; got != want {
			t.Errorf("%s has the warning and the last words: %v, want %v", filepath.Base(f.Name()), got, want)
		}
	}
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
