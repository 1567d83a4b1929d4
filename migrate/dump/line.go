package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

type headerLine struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Cluster string    `json:"cluster,omitempty"`
	Server  string    `json:"server,omitempty"`
	Index   uint64    `json:"index"`
	Root    string    `json:"root"`
	Hidden  []string  `json:"hidden,omitempty"`
	Started time.Time `json:"started"`
}

// nodeLine is a node, or the footer if End is set. One type for both lets a reader decode each line once.
type nodeLine struct {
	Key      string    `json:"key,omitempty"`
	Key64    []byte    `json:"key64,omitempty"`
	Value    *string   `json:"value,omitempty"`
	Value64  []byte    `json:"value64,omitempty"`
	Dir      bool      `json:"dir,omitempty"`
	TTL      int64     `json:"ttl,omitempty"`
	Expires  time.Time `json:"expires,omitzero"`
	Created  uint64    `json:"created,omitempty"`
	Modified uint64    `json:"modified,omitempty"`

	End         bool   `json:"end,omitempty"`
	Nodes       *int   `json:"nodes,omitempty"`
	SHA256      string `json:"sha256,omitempty"`
	Index       uint64 `json:"index,omitempty"`
	PointInTime bool   `json:"pointInTime,omitempty"`
}

func lineOf(n Node) nodeLine {
	line := nodeLine{Dir: n.Dir, TTL: n.TTL, Expires: n.Expires, Created: n.Created, Modified: n.Modified}
	if utf8.ValidString(n.Key) {
		line.Key = n.Key
	} else {
		line.Key64 = []byte(n.Key)
	}
	switch {
	case n.Dir:
	case utf8.ValidString(n.Value):
		line.Value = &n.Value
	default:
		line.Value64 = []byte(n.Value)
	}
	return line
}

func (l *nodeLine) node() (Node, error) {
	n := Node{Key: l.Key, Dir: l.Dir, TTL: l.TTL, Expires: l.Expires, Created: l.Created, Modified: l.Modified}
	switch {
	case l.Nodes != nil || l.SHA256 != "" || l.Index != 0 || l.PointInTime:
		return Node{}, errors.New("a node has fields of the footer")
	case l.Key != "" && l.Key64 != nil:
		return Node{}, errors.New("a node has both key and key64")
	case l.Key64 != nil:
		n.Key = string(l.Key64)
	}
	switch {
	case l.Dir && (l.Value != nil || l.Value64 != nil):
		return Node{}, fmt.Errorf("directory %q has a value", n.Key)
	case l.Value != nil && l.Value64 != nil:
		return Node{}, fmt.Errorf("node %q has both value and value64", n.Key)
	case l.Value != nil:
		n.Value = *l.Value
	case l.Value64 != nil:
		n.Value = string(l.Value64)
	case !l.Dir:
		return Node{}, fmt.Errorf("node %q has no value and is not a directory", n.Key)
	}
	return n, n.check()
}

// check reports what no node of a tree can be.
func (n *Node) check() error {
	switch {
	case len(n.Key) < 2 || n.Key[0] != '/':
		return fmt.Errorf("key %q does not begin with a slash and a name", n.Key)
	case n.Dir && n.Value != "":
		return fmt.Errorf("directory %q has a value", n.Key)
	case n.TTL != 0 && n.Expires.IsZero():
		return fmt.Errorf("node %q has a TTL but no time at which it expires", n.Key)
	}
	return nil
}

func (l *nodeLine) footer() (Footer, error) {
	if l.Key != "" || l.Key64 != nil || l.Value != nil || l.Value64 != nil || l.Dir || l.Nodes == nil {
		return Footer{}, errors.New("the footer has fields of a node, or no count")
	}
	return Footer{Nodes: *l.Nodes, SHA256: l.SHA256, Index: l.Index, PointInTime: l.PointInTime}, nil
}

// decode reads the object that a line is. It refuses fields that version 1 does not have, and text that JSON would
// have changed silently.
func decode(line []byte, into any) error {
	if !utf8.Valid(line) {
		return errors.New("not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
