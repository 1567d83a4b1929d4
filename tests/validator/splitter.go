package validator

import (
	"iter"
)

// A splitter cuts a body into its JSON documents while it comes. It holds no more than the document that is not
// complete yet. Whether a document is correct JSON is for others to say.
type splitter struct {
	pending  []byte
	depth    int
	inString bool
	escaped  bool
}

// keep adds data to the rest without looking for documents.
func (s *splitter) keep(data []byte) { s.pending = append(s.pending, data...) }

// rest returns what has come behind the last complete document.
func (s *splitter) rest() []byte { return s.pending }

// split takes the next bytes and yields the objects and arrays that are complete with them.
func (s *splitter) split(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, b := range data {
			s.pending = append(s.pending, b)
			if !s.ends(b) {
				continue
			}
			document := s.pending
			s.pending = nil
			if !yield(document) {
				return
			}
		}
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
