package scan

import (
	"io"
	"slices"
	"sync"
)

// Buffer holds a text while it is read from its source. Use NewBuffer to make one.
type Buffer struct {
	pieces [][]byte // the text

	// Most texts fit into room and so are in one piece.
	room  [1 << 10]byte
	first [1][]byte
}

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// NewBuffer returns an empty Buffer. The caller must release it.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Scan returns a Scanner of the text of source, which it reads into b.
func (b *Buffer) Scan(source io.Reader) Scanner {
	return Scanner{source: source, body: b.room[:0], done: b.first[:0]}
}

// Fill reads the rest of the text of s, a Scanner that Scan has returned, whatever its form. It returns the
// error of the source, or nil at the end of the source.
func (b *Buffer) Fill(s *Scanner) error {
	err := s.readOn()
	b.pieces = append(s.done, s.body)
	return err
}

// Bytes returns the text, which is valid until Release.
func (b *Buffer) Bytes() []byte {
	if len(b.pieces) == 1 {
		return b.pieces[0]
	}
	return slices.Concat(b.pieces...)
}

// Release makes the memory of b available to other texts.
func (b *Buffer) Release() {
	for _, piece := range b.pieces {
		recycle(piece)
	}
	b.pieces = nil
	buffers.Put(b)
}

// pieceSize is the size of the pieces into which a long text is read.
const pieceSize = 64 << 10

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// newPiece returns an empty piece with room for at least size bytes.
func newPiece(size int) []byte {
	if size > pieceSize {
		return make([]byte, 0, size)
	}
	return pieces.Get().(*[pieceSize]byte)[:0]
}

// recycle makes a piece that is no longer used available to later texts.
func recycle(piece []byte) {
	if cap(piece) == pieceSize {
		pieces.Put((*[pieceSize]byte)(piece[:pieceSize]))
	}
}
