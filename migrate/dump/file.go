package dump

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// A File is a file that is being written. Its content is in path + ".partial" until Close has completed it, so a file
// with the final name is never incomplete.
type File struct {
	*Writer
	Header Header
	path   string
	f      *os.File
	done   bool // whether the partial file has its footer already
}

// Partial returns the name that a file has until it is complete.
func Partial(path string) string {
	return path + ".partial"
}

// Create begins a file at path. It returns fs.ErrExist if there is a partial file of it, which Continue takes up.
func Create(path string, h Header) (*File, error) {
	f, err := os.OpenFile(Partial(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // values may be secrets
	if err != nil {
		return nil, err
	}
	if err := own(f, Partial(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	w, err := NewWriter(f, h)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{Writer: w, Header: h, path: path, f: f}, nil
}

// Continue takes up the partial file of path, which an export left that was interrupted. It drops a torn end. It
// returns fs.ErrNotExist if nothing was left, and ErrIncomplete, after it has removed the file, if not even the
// header is whole.
func Continue(path string) (*File, error) {
	f, err := os.OpenFile(Partial(path), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := own(f, Partial(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	file, err := resume(f, path)
	if err != nil {
		f.Close()
	}
	if errors.Is(err, ErrIncomplete) {
		return nil, errors.Join(err, os.Remove(Partial(path)))
	}
	return file, err
}

func resume(f *os.File, path string) (*File, error) {
	r, err := NewReader(f)
	if err != nil {
		return nil, err
	}
	whole := r.offset // where the last good line ends
	for _, err = range r.Nodes() {
		if err != nil {
			break
		}
		whole = r.offset
	}
	var torn *lineError
	if err != nil && !errors.Is(err, ErrIncomplete) && !errors.As(err, &torn) {
		return nil, err // it cannot be read, or has a footer that does not match: nothing tells which of its lines are good
	}
	file := &File{Header: r.header, path: path, f: f, done: err == nil}
	if !file.done {
		// After a crash of the machine, a bad line may be followed by good ones. They are read again, too.
		if err := f.Truncate(whole); err != nil {
			return nil, err
		}
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	}
	file.Writer = newWriter(f, r.header.Root)
	file.sum, file.nodes, file.last = r.sum, r.nodes, r.last
	return file, nil
}

// Last returns the last key that the file has; empty if it has none. Nodes go on behind it.
func (f *File) Last() string {
	return f.last
}

// Done reports whether the file that was taken up had its footer already and only needs a Close.
func (f *File) Done() bool {
	return f.done
}

// Close writes the footer, flushes the file to the disk, and gives it its name.
func (f *File) Close(footer Footer) error {
	if !f.done {
		if err := f.Writer.Close(footer); err != nil {
			return errors.Join(err, f.f.Close())
		}
	}
	if err := errors.Join(f.f.Sync(), f.f.Close()); err != nil {
		return err
	}
	if err := os.Rename(Partial(f.path), f.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.path))
}

// Suspend flushes what was written and leaves the partial file for Continue.
func (f *File) Suspend() error {
	return errors.Join(f.w.Flush(), f.f.Close())
}

// ErrBusy means that another process is writing the same file.
var ErrBusy = errors.New("dump: another process is writing the file")

// own makes this process the only one that writes the open file, which must still have its name: another process may have
// completed it since it was opened.
func own(f *os.File, name string) error {
	if free, err := tryLock(f); err != nil {
		return err
	} else if !free {
		return fmt.Errorf("%w: %s", ErrBusy, name)
	}
	named, err := os.Stat(name)
	if err != nil {
		return err
	}
	open, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(named, open) {
		return fmt.Errorf("%w: %s", ErrBusy, name) // and has just completed it
	}
	return nil
}

// syncDir makes a rename in dir outlast a crash of the machine. Windows cannot do it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
