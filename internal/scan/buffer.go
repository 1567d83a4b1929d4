package scan

import (
	"io"
	"slices"
	"sync"
)

// Buffer holds a text that is read from its source. Make one with NewBuffer.
type Buffer struct {
	pieces [][]byte // the text

	// Most texts are no longer than room, and so in one piece.
	room  [1 << 10]byte
	first [1][]byte
}

var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// NewBuffer returns an empty Buffer. The caller releases it.
func NewBuffer() *Buffer { return buffers.Get().(*Buffer) }

// Scan returns a Scanner of the text that source brings, which it reads into b.
func (b *Buffer) Scan(source io.Reader) Scanner {
	return Scanner{source: source, body: b.room[:0], done: b.first[:0]}
}

// Fill reads the rest of the text of s, which Scan has returned, whatever its form. It returns the error of
// the source, nil at its end.
func (b *Buffer) Fill(s *Scanner) error {
	err := s.readOn()
	b.pieces = append(s.done, s.body)
	return err
}

// Bytes returns the text, which is good until Release.
func (b *Buffer) Bytes() []byte {
	if len(b.pieces) == 1 {
		return b.pieces[0]
	}
	return slices.Concat(b.pieces...)
}

// Release gives the room to another text.
func (b *Buffer) Release() {
	for _, piece := range b.pieces {
		recycle(piece)
	}
	b.pieces = nil
	buffers.Put(b)
}

// pieceSize is how much room there is for a read of a long text.
const pieceSize = 64 << 10

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// newPiece returns room for at least size bytes.
func newPiece(size int) []byte {
	if size > pieceSize {
		return make([]byte, 0, size)
	}
	return pieces.Get().(*[pieceSize]byte)[:0]
}

// recycle gives a piece that is not used any more to a later text.
func recycle(piece []byte) {
	if cap(piece) == pieceSize {
		pieces.Put((*[pieceSize]byte)(piece[:pieceSize]))
	}
}
