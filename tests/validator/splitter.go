package validator

import (
	"iter"
)

// A splitter cuts a body into its JSON documents while it comes. It holds no more than the document that is not
// complete yet, and of that no more than most bytes. Whether a document is correct JSON is for others to say.
type splitter struct {
	most     int
	pending  []byte
	tooLong  bool // the pending document is longer than most
	depth    int
	inString bool
	escaped  bool
}

// keep adds data to the rest without looking for documents.
func (s *splitter) keep(data []byte) {
	if s.tooLong = s.tooLong || len(s.pending)+len(data) > s.most; s.tooLong {
		s.pending = nil
		return
	}
	s.pending = append(s.pending, data...)
}

// rest returns what has come behind the last complete document.
func (s *splitter) rest() []byte { return s.pending }

// split takes the next bytes and yields the objects and arrays that are complete with them, or nothing for one that is
// too long.
func (s *splitter) split(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		from := 0
		for i, b := range data {
			if !s.ends(b) {
				continue
			}
			s.keep(data[from : i+1])
			from = i + 1
			document := s.pending
			s.pending = nil
			if !yield(document) {
				return
			}
		}
		s.keep(data[from:])
	}
}

// ends reports whether b closes the outermost object or array.
func (s *splitter) ends(b byte) bool {
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString:
		s.escaped = b == '\\'
		s.inString = b != '"'
	case b == '"':
		s.inString = true
	case b == '{' || b == '[':
		s.depth++
	case b == '}' || b == ']':
		s.depth--
		return s.depth == 0
	}
	return false
}
