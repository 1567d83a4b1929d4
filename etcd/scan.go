package etcd

import (
	"errors"
	"io"
	"strings"
	"time"
)

// scan reads the parts of JSON text that has no blanks, as it comes. Where it meets something else it
// is odd, and goes no further.
type scan struct {
	source  io.Reader
	err     error           // of source, io.EOF at its end
	done    [][]byte        // what was read before body
	body    []byte          // what was read last
	at      int             // how far in body it has been understood
	commas  int             // before the next field or element: none in an object or list just opened, then one
	odd     bool            // it has given up
	texts   strings.Builder // where short texts are kept, many in one block
	scratch []byte          // for texts with escapes
}

// left returns how many bytes there are still.
func (s *scan) left() int { return len(s.body) - s.at }

// reach reports whether there is a byte n ahead, now or when more has come. Then body may be another.
func (s *scan) reach(n int) bool {
	for s.left() <= n && s.err == nil {
		s.read()
	}
	return s.left() > n
}

// byteAt returns the byte n ahead, and 0, which is in no JSON, where there is none.
func (s *scan) byteAt(n int) byte {
	if s.left() <= n && !s.reach(n) {
		return 0
	}
	return s.body[s.at+n]
}

// read reads more of the text. When there is no room left it begins a new body, with what has not been
// understood yet: so nothing that is long is copied time and again.
func (s *scan) read() {
	if len(s.body) == cap(s.body) {
		fresh := append(newPiece(2*s.left()), s.body[s.at:]...)
		s.done = append(s.done, s.body[:s.at])
		s.body, s.at = fresh, 0
	}
	n, err := s.source.Read(s.body[len(s.body):cap(s.body)])
	s.body, s.err = s.body[:len(s.body)+n], err
}

// readOn reads the rest of the text.
func (s *scan) readOn() error {
	for s.err == nil {
		s.read()
	}
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// has reports whether c is next.
func (s *scan) has(c byte) bool {
	return (s.at < len(s.body) || s.reach(0)) && s.body[s.at] == c && !s.odd
}

// skip goes behind text, if that is next.
func (s *scan) skip(text string) bool {
	if !s.reach(len(text)-1) || string(s.body[s.at:s.at+len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

// take goes behind c, which must be next.
func (s *scan) take(c byte) {
	if !s.has(c) {
		s.odd = true
		return
	}
	s.at++
}

func (s *scan) open(c byte) {
	s.take(c)
	s.commas = 0
}

func (s *scan) close(c byte) {
	s.take(c)
	s.commas = 1
}

// finish makes sure that nothing follows but the end of the line.
func (s *scan) finish() {
	s.skip("\n")
	s.odd = s.odd || s.reach(0)
}

// field reports whether the next field of an object begins with name, and goes to its value then.
func (s *scan) field(name string) bool {
	end := s.commas + len(name)
	if s.left() < end && !s.reach(end-1) {
		return false
	}
	next := s.body[s.at : s.at+end]
	// The letter behind the quote settles it in most cases.
	if next[s.commas+1] != name[1] || string(next[s.commas:]) != name || s.commas == 1 && next[0] != ',' {
		return false
	}
	s.at, s.commas = s.at+end, 1
	return true
}

// initial returns the first letter of the next field's name, and 0 where it has not come yet.
func (s *scan) initial() byte {
	if at := s.at + s.commas + 1; at < len(s.body) {
		return s.body[at]
	}
	return 0
}

// element reports whether a list has another element, and goes there.
func (s *scan) element() bool {
	switch {
	case s.has(']') || s.odd:
		return false
	case s.commas == 1:
		s.take(',')
	}
	s.commas = 1
	return !s.odd
}

// number reads a number that is not negative.
func (s *scan) number() (n uint64) {
	const always = 19 // as many digits as fit for certain
	digits := 0
	for s.left() > digits || s.reach(digits) {
		c := s.body[s.at+digits] - '0'
		if c > 9 {
			break
		}
		n = 10*n + uint64(c)
		digits++
	}
	if digits == 0 || digits > always || digits > 1 && s.body[s.at] == '0' {
		s.odd = true
	}
	s.at += digits
	return n
}

// integer reads a number that may be negative. The greatest are odd.
func (s *scan) integer() int64 {
	negative := s.has('-')
	if negative {
		s.at++
	}
	n := int64(s.number())
	if n < 0 {
		s.odd = true
	}
	if negative {
		return -n
	}
	return n
}

func (s *scan) boolean() bool {
	value := s.skip("true")
	s.odd = s.odd || !value && !s.skip("false")
	return value
}

// time reads a time as RFC 3339 writes it.
func (s *scan) time() (t time.Time) {
	text, escaped := s.quoted()
	if s.odd || escaped || t.UnmarshalText([]byte(text)) != nil {
		s.odd = true
	}
	return t
}
