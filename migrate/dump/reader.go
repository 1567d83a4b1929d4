package dump

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
)

// ErrIncomplete means that the file ends before its footer: the export was interrupted, or the file was cut off.
var ErrIncomplete = errors.New("dump: the file is not complete: it has no footer")

// A Reader reads a file, a line at a time.
type Reader struct {
	r      *bufio.Reader
	buf    []byte
	sum    hash.Hash
	at     int   // the number of the line
	offset int64 // where the line ends
	header Header
	footer Footer
	nodes  int
	last   string
}

// NewReader reads the header of a file.
func NewReader(r io.Reader) (*Reader, error) {
	reader := &Reader{r: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	text, err := reader.next()
	if err != nil {
		return nil, err
	}
	var line headerLine
	switch err := decode(text, &line); {
	case line.Format == format && line.Version != version:
		return nil, fmt.Errorf("dump: the file has version %d of the format; this program reads version %d", line.Version, version)
	case err != nil || line.Format != format:
		return nil, errors.New("dump: the file does not begin with the header of an etcd v2 tree")
	case line.Root == "" || line.Root[0] != '/':
		return nil, fmt.Errorf("dump: the root %q does not begin with a slash", line.Root)
	}
	reader.header = Header{line.Cluster, line.Server, line.Index, line.Root, line.Hidden, line.Started}
	reader.sum.Write(text)
	return reader, nil
}

// Header returns the header.
func (r *Reader) Header() Header {
	return r.header
}

// Footer returns the footer. It is known once Nodes has ended without an error.
func (r *Reader) Footer() Footer {
	return r.footer
}

// Nodes yields the nodes in order. An error is the last thing that it yields; it is [ErrIncomplete] if the file ends
// before its footer. Without an error the file is complete, and as it was written.
func (r *Reader) Nodes() iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		for {
			n, err := r.read()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Node{}, err)
				return
			case !yield(n, nil):
				return
			}
		}
	}
}

// read returns the next node. At the end of a file that is complete it returns io.EOF.
func (r *Reader) read() (Node, error) {
	text, err := r.next()
	if err != nil {
		return Node{}, err
	}
	var line nodeLine
	if err := decode(text, &line); err != nil {
		return Node{}, r.wrong(err)
	}
	if line.End {
		return Node{}, r.end(&line)
	}
	n, err := line.node()
	if err == nil {
		err = inOrder(r.last, n.Key, r.header.Root)
	}
	if err != nil {
		return Node{}, r.wrong(err)
	}
	r.sum.Write(text)
	r.last = n.Key
	r.nodes++
	return n, nil
}

func (r *Reader) end(line *nodeLine) error {
	footer, err := line.footer()
	if err != nil {
		return r.wrong(err)
	}
	if footer.Nodes != r.nodes {
		return fmt.Errorf("dump: the footer counts %d nodes, and the file has %d", footer.Nodes, r.nodes)
	}
	if sum := hex.EncodeToString(r.sum.Sum(nil)); footer.SHA256 != sum {
		return fmt.Errorf("dump: the SHA-256 of the file is %s, and its footer says %s: the file has been changed", sum, footer.SHA256)
	}
	switch _, err := r.r.ReadByte(); {
	case err == nil:
		return errors.New("dump: the file goes on after its footer")
	case !errors.Is(err, io.EOF):
		return err
	}
	r.footer = footer
	return io.EOF
}

// next returns the next line, with its newline. A last line without one was cut off.
func (r *Reader) next() ([]byte, error) {
	r.buf = r.buf[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		r.buf = append(r.buf, part...)
		switch {
		case err == nil:
			r.at++
			r.offset += int64(len(r.buf))
			return r.buf, nil
		case errors.Is(err, io.EOF):
			return nil, ErrIncomplete
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(r.buf) > maxLine:
			return nil, fmt.Errorf("dump: line %d is longer than %d bytes", r.at+1, maxLine)
		}
	}
}

func (r *Reader) wrong(err error) error {
	return &lineError{r.at, err}
}

// A lineError is what is wrong with a line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string {
	return fmt.Sprintf("dump: line %d: %v", e.line, e.err)
}

func (e *lineError) Unwrap() error {
	return e.err
}
