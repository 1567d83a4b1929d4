package dump

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
)

// A Writer writes a file: the header, the nodes in order, and the footer.
type Writer struct {
	w     *bufio.Writer
	sum   hash.Hash
	line  bytes.Buffer
	enc   *json.Encoder // into line
	root  string
	nodes int
	last  string // the key that was written last
}

// NewWriter writes the header of a file.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	writer := newWriter(w, h.Root)
	line := headerLine{format, version, h.Cluster, h.Server, h.Index, h.Root, h.Hidden, h.Started}
	return writer, writer.put(line, true)
}

func newWriter(w io.Writer, root string) *Writer {
	writer := &Writer{w: bufio.NewWriterSize(w, 256<<10), sum: sha256.New(), root: root}
	writer.enc = json.NewEncoder(&writer.line)
	writer.enc.SetEscapeHTML(false)
	return writer
}

// Write writes a node, whose key must come after that of the node before.
func (w *Writer) Write(n Node) error {
	if err := n.check(); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if err := inOrder(w.last, n.Key, w.root); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if err := w.put(lineOf(n), true); err != nil {
		return err
	}
	w.last = n.Key
	w.nodes++
	return nil
}

// Close writes the footer, with the count and the sum of what was written, and flushes. It does not close what the
// Writer writes to.
func (w *Writer) Close(f Footer) error {
	sum := hex.EncodeToString(w.sum.Sum(nil))
	err := w.put(nodeLine{End: true, Nodes: &w.nodes, SHA256: sum, Index: f.Index, PointInTime: f.PointInTime}, false)
	if err != nil {
		return err
	}
	return w.w.Flush()
}

// Nodes returns how many nodes the file has so far.
func (w *Writer) Nodes() int {
	return w.nodes
}

func (w *Writer) put(line any, summed bool) error {
	w.line.Reset()
	if err := w.enc.Encode(line); err != nil {
		return fmt.Errorf("dump: %w", err)
	}
	if w.line.Len() > maxLine {
		return fmt.Errorf("dump: a line of %d bytes is longer than %d", w.line.Len(), maxLine)
	}
	if summed {
		w.sum.Write(w.line.Bytes())
	}
	_, err := w.w.Write(w.line.Bytes())
	return err
}

// inOrder reports whether key may follow last, the key before it, in a file of root.
func inOrder(last, key, root string) error {
	switch {
	case !Within(key, root):
		return fmt.Errorf("key %q is not below %q", key, root)
	case key == last:
		return fmt.Errorf("key %q occurs twice", key)
	case key < last:
		return fmt.Errorf("key %q comes after %q: the keys are not sorted", key, last)
	}
	return nil
}
