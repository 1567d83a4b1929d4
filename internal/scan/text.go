package scan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// textBlock is how many bytes are allocated for texts at once. A text that is kept keeps its whole block
// alive.
const textBlock = 8 << 10

// Text reads a string. Most strings have arrived in one piece and stand for themselves.
func (s *Scanner) Text() string {
	if s.has('"') {
		start := s.at + 1
		end := start + ordinary(s.body[start:])
		if end < len(s.body) && s.body[end] == '"' {
			s.at = end + 1
			return s.keep(s.body[start:end])
		}
	}
	text, _ := s.quoted()
	return text
}

// quoted reads a string and reports whether it has escapes. An escaped quote does not end the string.
func (s *Scanner) quoted() (text string, escaped bool) {
	s.take('"')
	var before [][]byte // the pieces of a text that does not fit into body
	ascii := true
	for n := 0; !s.failed; n++ {
		if s.at+n < len(s.body) {
			n += ordinary(s.body[s.at+n:])
		}
		if s.at+n == len(s.body) && n > 0 && len(s.body) == cap(s.body) {
			before, s.at, n = append(before, s.body[s.at:]), s.at+n, 0
		}
		switch c := s.byteAt(n); {
		case c == '"':
			text = s.textOf(before, s.body[s.at:s.at+n], escaped)
			s.at, s.failed = s.at+n+1, s.failed || !ascii && !utf8.ValidString(text)
			return text, escaped
		case c == '\\':
			escaped = true
			n++
		case c < ' ':
			s.failed = true
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", escaped
}

// ordinary returns how many bytes at the start of text stand for themselves in a string and need no further
// check. It checks eight bytes at once.
func ordinary(text []byte) int {
	n := 0
	for ; n+8 <= len(text); n += 8 {
		if found := special(binary.LittleEndian.Uint64(text[n:])); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(text) && special(blanks&^0xff|uint64(text[n])) == 0 {
		n++
	}
	return n
}

// Eight bytes with the lowest bit set, eight bytes with the highest bit set, and eight blanks.
const (
	lowest  uint64 = 0x0101010101010101
	highest        = lowest << 7
	blanks         = lowest * ' '
)

// special returns the highest bit of the first of eight bytes that is a quote, a backslash, a control
// character or not ASCII, or 0 if there is none. Bits above that one have no meaning: a subtraction from a
// byte that is too small borrows from the next byte.
func special(bytes uint64) uint64 {
	quotes := bytes ^ lowest*'"' // a byte is 0 if it was a quote
	backslashes := bytes ^ lowest*'\\'
	return (bytes | (bytes - blanks) | (quotes - lowest) | (backslashes - lowest)) & highest
}

// simpleEscapes maps a character after a backslash to the character that the escape stands for.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape returns raw with its escapes replaced. It fails at surrogates, which etcd never writes.
func (s *Scanner) unescape(raw []byte) []byte {
	text := s.scratch[:0]
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			s.scratch = append(text, raw...)
			return s.scratch
		}
		text = append(text, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch {
		case simpleEscapes[c] != 0:
			text = append(text, simpleEscapes[c])
		case c == 'u' && len(raw) >= 4:
			r, err := strconv.ParseUint(string(raw[:4]), 16, 16)
			if s.failed = s.failed || err != nil || !utf8.ValidRune(rune(r)); s.failed {
				return nil
			}
			text, raw = utf8.AppendRune(text, rune(r)), raw[4:]
		default:
			s.failed = true
			return nil
		}
	}
}

// textOf returns the text that consists of the pieces before and raw.
func (s *Scanner) textOf(before [][]byte, raw []byte, escaped bool) string {
	switch {
	case escaped && before != nil:
		raw = s.unescape(slices.Concat(append(before, raw)...))
	case escaped:
		raw = s.unescape(raw)
	case before != nil:
		return join(append(before, raw))
	}
	return s.keep(raw)
}

// keep returns a copy of raw. Short copies are parts of a block, which saves an allocation for each.
func (s *Scanner) keep(raw []byte) string {
	if len(raw) > textBlock/8 {
		return string(raw)
	}
	if len(raw) > s.texts.Cap()-s.texts.Len() {
		s.texts.Reset()
		s.texts.Grow(min(len(raw)+s.Left(), textBlock))
	}
	start := s.texts.Len()
	s.texts.Write(raw) // never moves earlier texts, because there is room
	return s.texts.String()[start:]
}

// join returns pieces as one string, copied once.
func join(pieces [][]byte) string {
	var b strings.Builder
	length := 0
	for _, piece := range pieces {
		length += len(piece)
	}
	b.Grow(length)
	for _, piece := range pieces {
		b.Write(piece)
	}
	return b.String()
}
