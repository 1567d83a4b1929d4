package validator

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"iter"
)

// encodings are those that can be undone, by their names in Content-Encoding.
var encodings = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
}

// A decoder undoes an encoding while the body comes, so that the events of a watch are checked as they pass. Go's decoders
// want to read, and the body is given: so one runs as a coroutine, which pauses when it has read everything.
type decoder struct {
	given []byte // and not read yet
	ended bool   // nothing more will be given
	err   error  // at which the decoder ended; nil if that was the end of its input
	next  func() (decoded []byte, goesOn bool)
	stop  func()
}

var errStopped = errors.New("validator: the body was given up")

func newDecoder(open func(io.Reader) (io.Reader, error)) *decoder {
	d := &decoder{}
	d.next, d.stop = iter.Pull(func(yield func([]byte) bool) {
		if d.err = d.decode(open, yield); errors.Is(d.err, io.EOF) {
			d.err = nil
		}
	})
	return d
}

// decode yields what is decoded, and nothing when it needs more.
func (d *decoder) decode(open func(io.Reader) (io.Reader, error), yield func([]byte) bool) error {
	from, err := open(readFunc(func(into []byte) (int, error) {
		for len(d.given) == 0 {
			if d.ended {
				return 0, io.EOF
			}
			if !yield(nil) {
				d.ended = true // and yield must not be called again
				return 0, errStopped
			}
		}
		n := copy(into, d.given)
		d.given = d.given[n:]
		return n, nil
	}))
	if err != nil {
		return err
	}
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !errors.Is(err, errStopped) && !yield(buffer[:n]) {
			return errStopped
		}
		if err != nil {
			return err
		}
	}
}

// write gives the decoder more of the body, and into what is decoded with that.
func (d *decoder) write(data []byte, into func([]byte)) {
	d.given = data
	for {
		decoded, goesOn := d.next()
		if !goesOn || decoded == nil {
			return
		}
		into(decoded)
	}
}

// close gives into the rest. It returns why the body could not be decoded.
func (d *decoder) close(into func([]byte)) error {
	defer d.stop()
	d.ended = true
	for {
		decoded, goesOn := d.next()
		if !goesOn {
			return d.err
		}
		into(decoded)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(into []byte) (int, error) { return f(into) }
