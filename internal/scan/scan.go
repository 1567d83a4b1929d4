package scan

import (
	"errors"
	"io"
	"strings"
	"time"
)

// Scanner reads the parts of a JSON text that has no blanks, while the text arrives. It expects one form of
// the text; where it meets another it fails, reads no further, and leaves the text to a general decoder. Make
// one with [Read] or [Of].
type Scanner struct {
	source  io.Reader
	err     error           // of source, io.EOF at its end
	done    [][]byte        // what was read before body
	body    []byte          // what was read last
	at      int             // how far in body it has been understood
	commas  int             // before the next field or element: none in an object or list just opened, then one
	failed  bool            // the text has another form
	texts   strings.Builder // where short texts are kept, many in one block
	scratch []byte          // for texts with escapes
}

// Of returns a Scanner of a text that is complete.
func Of(text []byte) Scanner { return Scanner{body: text, err: io.EOF} }

// OK reports whether the text has had the expected form so far.
func (s *Scanner) OK() bool { return !s.failed }

// Fail makes the Scanner fail.
func (s *Scanner) Fail() { s.failed = true }

// Left returns how many bytes have been read and not yet understood.
func (s *Scanner) Left() int { return len(s.body) - s.at }

// reach reports whether there is a byte n ahead, now or when more has come. Then body may be another.
func (s *Scanner) reach(n int) bool {
	for s.Left() <= n && s.err == nil {
		s.read()
	}
	return s.Left() > n
}

// byteAt returns the byte n ahead, and 0, which is in no JSON, where there is none.
func (s *Scanner) byteAt(n int) byte {
	if s.Left() <= n && !s.reach(n) {
		return 0
	}
	return s.body[s.at+n]
}

// read reads more of the text. When there is no room left it begins a new body, with what has not been
// understood yet: so nothing that is long is copied time and again.
func (s *Scanner) read() {
	if len(s.body) == cap(s.body) {
		fresh := append(newPiece(2*s.Left()), s.body[s.at:]...)
		s.done = append(s.done, s.body[:s.at])
		s.body, s.at = fresh, 0
	}
	n, err := s.source.Read(s.body[len(s.body):cap(s.body)])
	s.body, s.err = s.body[:len(s.body)+n], err
}

// readOn reads the rest of the text, whatever its form. It returns the error of the source, nil at its end.
func (s *Scanner) readOn() error {
	for s.err == nil {
		s.read()
	}
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// has reports whether c is next.
func (s *Scanner) has(c byte) bool {
	return (s.at < len(s.body) || s.reach(0)) && s.body[s.at] == c && !s.failed
}

// skip goes behind text, if that is next.
func (s *Scanner) skip(text string) bool {
	if !s.reach(len(text)-1) || string(s.body[s.at:s.at+len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

// take goes behind c, which must be next.
func (s *Scanner) take(c byte) {
	if !s.has(c) {
		s.failed = true
		return
	}
	s.at++
}

// Open goes behind c, which opens an object or a list.
func (s *Scanner) Open(c byte) {
	s.take(c)
	s.commas = 0
}

// Close goes behind c, which closes an object or a list.
func (s *Scanner) Close(c byte) {
	s.take(c)
	s.commas = 1
}

// Finish makes sure that nothing follows but the end of the line.
func (s *Scanner) Finish() {
	s.skip("\n")
	s.failed = s.failed || s.reach(0)
}

// Field reports whether the next field of an object begins with name, and goes to its value then.
func (s *Scanner) Field(name string) bool {
	end := s.commas + len(name)
	if s.Left() < end && !s.reach(end-1) {
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

// Initial returns the first letter of the next field's name, and 0 where it has not come yet.
func (s *Scanner) Initial() byte {
	if at := s.at + s.commas + 1; at < len(s.body) {
		return s.body[at]
	}
	return 0
}

// Element reports whether a list has another element, and goes there.
func (s *Scanner) Element() bool {
	switch {
	case s.has(']') || s.failed:
		return false
	case s.commas == 1:
		s.take(',')
	}
	s.commas = 1
	return !s.failed
}

// Number reads a number that is not negative.
func (s *Scanner) Number() (n uint64) {
	const always = 19 // as many digits as fit for certain
	digits := 0
	for s.Left() > digits || s.reach(digits) {
		c := s.body[s.at+digits] - '0'
		if c > 9 {
			break
		}
		n = 10*n + uint64(c)
		digits++
	}
	if digits == 0 || digits > always || digits > 1 && s.body[s.at] == '0' {
		s.failed = true
	}
	s.at += digits
	return n
}

// Integer reads a number that may be negative. It fails at those with 19 digits and more that do not fit.
func (s *Scanner) Integer() int64 {
	negative := s.has('-')
	if negative {
		s.at++
	}
	n := int64(s.Number())
	if n < 0 {
		s.failed = true
	}
	if negative {
		return -n
	}
	return n
}

// Boolean reads true or false.
func (s *Scanner) Boolean() bool {
	value := s.skip("true")
	s.failed = s.failed || !value && !s.skip("false")
	return value
}

// Time reads a time as RFC 3339 writes it.
func (s *Scanner) Time() (t time.Time) {
	text, escaped := s.quoted()
	if s.failed || escaped || t.UnmarshalText([]byte(text)) != nil {
		s.failed = true
	}
	return t
}
