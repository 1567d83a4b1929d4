package dump_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/etcdv2/client/migrate/dump"
)

// An export that is killed after any byte, and goes on, ends with the same file.
func TestContinueAfterAnyByte(t *testing.T) {
	nodes := []dump.Node{{Key: "/a", Dir: true}, {Key: "/a/b", Value: "\xff"}, {Key: "/c", Value: "c"}}
	footer := dump.Footer{Index: 9}
	want := write(t, header, nodes, footer)
	step := 1
	if testing.Short() {
		step = 11 // each takes a flush to the disk
	}
	for n := 0; n < len(want); n += step {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(dump.Partial(path), want[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := goOn(path, nodes, footer); err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("after %d bytes the file is (%v)\n%s\nwant\n%s", n, err, got, want)
		}
	}
}

func goOn(path string, nodes []dump.Node, footer dump.Footer) error {
	file, err := dump.Continue(path)
	if errors.Is(err, dump.ErrIncomplete) {
		file, err = dump.Create(path, header)
	}
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.Key > file.Last() && !file.Done() {
			if err := file.Write(n); err != nil {
				return err
			}
		}
	}
	return file.Close(footer)
}

func TestContinueOnlyNeedsItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := small(t)
	if err := os.WriteFile(dump.Partial(path), want, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := dump.Continue(path)
	if err != nil || !file.Done() {
		t.Fatalf("Continue: %v, want a file that is done", err)
	}
	if err := file.Close(dump.Footer{}); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, want) {
		t.Error("the file has changed")
	}
	if _, err := dump.Continue(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Continue without a partial file: %v", err)
	}
}

// A footer that does not match shows that a line above it is not what was written, and not which.
func TestContinueRefusesAWrongSum(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	text := bytes.Replace(small(t), []byte(`"value":"c"`), []byte(`"value":"d"`), 1)
	if err := os.WriteFile(dump.Partial(path), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Continue(path); err == nil {
		t.Error("a file with a wrong sum is gone on with")
	}
}

// After a crash of the machine, the end of a file can be zeros, with good lines behind them.
func TestContinueDropsWhatFollowsABadLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	text := bytes.Replace(small(t), []byte(`{"key":"/a/b"`), make([]byte, 13), 1)
	if err := os.WriteFile(dump.Partial(path), text, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := dump.Continue(path)
	if err != nil || file.Last() != "/a" || file.Nodes() != 1 {
		t.Fatalf("Continue: %v, want it to go on behind /a", err)
	}
	if err := file.Suspend(); err != nil {
		t.Error(err)
	}
}

func TestCreateKeepsAPartialFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file, err := dump.Create(path, header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dump.Create(path, header); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create: %v, want fs.ErrExist", err)
	}
	if runtime.GOOS == "linux" {
		if _, err := dump.Continue(path); !errors.Is(err, dump.ErrBusy) {
			t.Errorf("Continue while the file is written: %v", err)
		}
	}
	if err := file.Suspend(); err != nil {
		t.Error(err)
	}
}
