package etcd

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
)

// wholeBody is the body of a reply that has been read to its end, by readWhole.
type wholeBody struct {
	net.Buffers           // the text; what is read of it goes
	event       *Response // what it says, where it is in etcd's plain form
	open        bool

	// Most texts are no longer than room, and so in one piece. A watch has it as long as it waits.
	room   [1 << 10]byte
	pieces [1][]byte
}

var wholeBodies = sync.Pool{New: func() any { return new(wholeBody) }}

// readWhole reads body to its end. An event is decoded while the rest is still under way.
func readWhole(body io.Reader) (*wholeBody, error) {
	w := wholeBodies.Get().(*wholeBody)
	w.open = true
	p := plain{scan: scan{source: body, body: w.room[:0], done: w.pieces[:0]}}
	w.event = p.event()
	if err := p.readOn(); err != nil {
		w.Close()
		return nil, err
	}
	w.Buffers = append(p.done, p.body)
	return w, nil
}

// decode returns the event that w is, with resp's header. A body that is none is an *Error: something
// else than etcd answered.
func (w *wholeBody) decode(resp *http.Response) (*Response, error) {
	if w.event != nil {
		return w.event.withHeader(resp), nil
	}
	text, err := io.ReadAll(w)
	if err != nil {
		return nil, err
	}
	return decodeEvent(resp, text)
}

// blank reports whether there is nothing in w.
func (w *wholeBody) blank() bool {
	for _, text := range w.Buffers {
		if len(bytes.TrimSpace(text)) > 0 {
			return false
		}
	}
	return true
}

// Close gives the room to another reply. Only the reply's owner may call it.
func (w *wholeBody) Close() error {
	if w.open {
		for _, text := range w.Buffers {
			recycle(text)
		}
		w.Buffers, w.event, w.open = nil, nil, false
		wholeBodies.Put(w)
	}
	return nil
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

// recycle gives a piece that is of no more use to who needs one next.
func recycle(piece []byte) {
	if cap(piece) == pieceSize {
		pieces.Put((*[pieceSize]byte)(piece[:pieceSize]))
	}
}
