package scan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// Lines reads a text with one JSON value per line while it arrives.
type Lines struct{ buffer *bufio.Reader }

// NewLines returns the Lines of source, which reads up to size bytes at once if that many have arrived.
func NewLines(source io.Reader, size int) Lines { return Lines{bufio.NewReaderSize(source, size)} }

// Next returns the next line, which is valid until the next call.
func (l Lines) Next() ([]byte, error) {
	line, err := l.buffer.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = slices.Clone(line)
	rest, err := l.buffer.ReadBytes('\n')
	return append(line, rest...), err
}

// Ready reports whether a whole line has been read already, so that Next does not wait.
func (l Lines) Ready() bool {
	read, _ := l.buffer.Peek(l.buffer.Buffered())
	return bytes.IndexByte(read, '\n') >= 0
}
