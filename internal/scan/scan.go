package scan

import (
	"errors"
	"io"
	"strings"
	"time"
)

// Scanner reads the parts of a JSON text without blanks while the text arrives. It expects one form of the
// text. If it finds another, it fails, reads no further, and leaves the text to a general decoder. Use
// [Buffer.Scan] or [Of] to make one.
type Scanner struct {
	source  io.Reader
	err     error           // of source, io.EOF at its end
	done    [][]byte        // the pieces that were read before body
	body    []byte          // the piece that was read last
	at      int             // how far body has been parsed
	commas  int             // before the next field or element: 0 after Open, else 1
	failed  bool            // the text has another form
	texts   strings.Builder // holds short texts, many in one block
	scratch []byte          // for texts with escapes
}

// Of returns a Scanner of a complete text.
func Of(text []byte) Scanner { return Scanner{body: text, err: io.EOF} }

// OK reports whether the text has had the expected form so far.
func (s *Scanner) OK() bool { return !s.failed }

// Fail makes the Scanner fail.
func (s *Scanner) Fail() { s.failed = true }

// Left returns how many bytes have been read but not yet parsed.
func (s *Scanner) Left() int { return len(s.body) - s.at }

// reach reports whether there is a byte n ahead, and reads more of the text if needed. Reading may replace
// body.
func (s *Scanner) reach(n int) bool {
	for s.Left() <= n && s.err == nil {
		s.read()
	}
	return s.Left() > n
}

// byteAt returns the byte n ahead. If there is none, it returns 0, which never occurs in JSON.
func (s *Scanner) byteAt(n int) byte {
	if s.Left() <= n && !s.reach(n) {
		return 0
	}
	return s.body[s.at+n]
}

// read reads more of the text. If body is full, it begins a new body with the bytes that have not been parsed
// yet, so that long texts are not copied repeatedly.
func (s *Scanner) read() {
	if len(s.body) == cap(s.body) {
		fresh := append(newPiece(2*s.Left()), s.body[s.at:]...)
		s.done = append(s.done, s.body[:s.at])
		s.body, s.at = fresh, 0
	}
	n, err := s.source.Read(s.body[len(s.body):cap(s.body)])
	s.body, s.err = s.body[:len(s.body)+n], err
}

// readOn reads the rest of the text, whatever its form. It returns the error of the source, or nil at the end
// of the source.
func (s *Scanner) readOn() error {
	for s.err == nil {
		s.read()
	}
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// has reports whether the next byte is c.
func (s *Scanner) has(c byte) bool {
	return (s.at < len(s.body) || s.reach(0)) && s.body[s.at] == c && !s.failed
}

// skip moves past text if it is next, and reports whether it was.
func (s *Scanner) skip(text string) bool {
	if !s.reach(len(text)-1) || string(s.body[s.at:s.at+len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

// take moves past c, which must be next.
func (s *Scanner) take(c byte) {
	if !s.has(c) {
		s.failed = true
		return
	}
	s.at++
}

// Open moves past c, which opens an object or a list.
func (s *Scanner) Open(c byte) {
	s.take(c)
	s.commas = 0
}

// Close moves past c, which closes an object or a list.
func (s *Scanner) Close(c byte) {
	s.take(c)
	s.commas = 1
}

// Finish fails if anything follows except the end of the line.
func (s *Scanner) Finish() {
	s.skip("\n")
	s.failed = s.failed || s.reach(0)
}

// Field reports whether the next field of an object begins with name. If so, it moves to the value of the
// field.
func (s *Scanner) Field(name string) bool {
	end := s.commas + len(name)
	if s.Left() < end && !s.reach(end-1) {
		return false
	}
	next := s.body[s.at : s.at+end]
	// In most cases the first letter of the name decides.
	if next[s.commas+1] != name[1] || string(next[s.commas:]) != name || s.commas == 1 && next[0] != ',' {
		return false
	}
	s.at, s.commas = s.at+end, 1
	return true
}

// Initial returns the first letter of the next field's name, or 0 if it has not arrived yet.
func (s *Scanner) Initial() byte {
	if at := s.at + s.commas + 1; at < len(s.body) {
		return s.body[at]
	}
	return 0
}

// Element reports whether a list has another element. If so, it moves to that element.
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
	const always = 19 // this many digits always fit
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

// Integer reads a number that may be negative. It fails if the number does not fit, and for the least one.
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

// Time reads a time in the format of RFC 3339. The empty text is the zero time.
func (s *Scanner) Time() (t time.Time) {
	text, escaped := s.quoted()
	if s.failed || escaped || text != "" && t.UnmarshalText([]byte(text)) != nil {
		s.failed = true
	}
	return t
}
