package etcd

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scan reads the parts of JSON text that has no blanks. Where it meets something else it is odd,
// and goes no further.
type scan struct {
	body    []byte
	at      int             // how far it has come
	first   bool            // nothing has been read in the object or list just opened
	odd     bool            // it has given up
	texts   strings.Builder // where short texts are kept, many in one block
	scratch []byte          // for texts with escapes
}

// textBlock is how many bytes of texts are allocated at once: who keeps one text of a block keeps it alive.
const textBlock = 8 << 10

// left returns how many bytes there are still.
func (s *scan) left() int { return len(s.body) - s.at }

// has reports whether c is next.
func (s *scan) has(c byte) bool { return !s.odd && s.at < len(s.body) && s.body[s.at] == c }

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
	s.first = true
}

func (s *scan) close(c byte) {
	s.take(c)
	s.first = false
}

// finish makes sure that nothing follows but the end of the line.
func (s *scan) finish() {
	s.odd = s.odd || s.left() > 0 && string(s.body[s.at:]) != "\n"
}

// field reports whether the next field of an object begins with name, and goes to its value then.
func (s *scan) field(name string) bool {
	at := s.at
	if !s.first {
		if !s.has(',') {
			return false
		}
		at++
	}
	if s.odd || len(s.body)-at < len(name) || string(s.body[at:at+len(name)]) != name {
		return false
	}
	s.at, s.first = at+len(name), false
	return true
}

// element reports whether a list has another element, and goes there.
func (s *scan) element() bool {
	switch {
	case s.has(']') || s.odd:
		return false
	case s.first:
		s.first = false
	default:
		s.take(',')
	}
	return !s.odd
}

// text reads a string.
func (s *scan) text() string {
	raw, escaped := s.quoted()
	switch {
	case s.odd:
		return ""
	case escaped:
		return s.keep(s.unescape(raw))
	}
	return s.keep(raw)
}

// quoted returns what stands between quotes, and whether there are escapes in it. A quote that is
// escaped does not end it.
func (s *scan) quoted() (raw []byte, escaped bool) {
	s.take('"')
	ascii := true
	for i := s.at; i < len(s.body) && !s.odd; i++ {
		switch c := s.body[i]; {
		case c == '"':
			raw = s.body[s.at:i]
			s.at, s.odd = i+1, !ascii && !utf8.Valid(raw)
			return raw, escaped
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			s.odd = true
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.odd = true
	return nil, false
}

// simpleEscapes are what may stand behind a backslash, and what it stands for.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape returns raw with what its escapes stand for. Surrogates are odd: etcd writes none.
func (s *scan) unescape(raw []byte) []byte {
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
			if s.odd = s.odd || err != nil || !utf8.ValidRune(rune(r)); s.odd {
				return nil
			}
			text, raw = utf8.AppendRune(text, rune(r)), raw[4:]
		default:
			s.odd = true
			return nil
		}
	}
}

// keep returns raw as a string. Short ones are parts of a block, which saves an allocation for each.
func (s *scan) keep(raw []byte) string {
	if len(raw) > textBlock/8 {
		return string(raw)
	}
	if len(raw) > s.texts.Cap()-s.texts.Len() {
		s.texts.Reset()
		s.texts.Grow(min(len(raw)+s.left(), textBlock))
	}
	start := s.texts.Len()
	s.texts.Write(raw) // never moves what is there, since there is room
	return s.texts.String()[start:]
}

// number reads a number that is not negative.
func (s *scan) number() (n uint64) {
	start := s.at
	for ; s.at < len(s.body) && '0' <= s.body[s.at] && s.body[s.at] <= '9'; s.at++ {
		n = 10*n + uint64(s.body[s.at]-'0')
	}
	const always = 19 // as many digits as fit for certain
	if digits := s.at - start; digits == 0 || digits > always || digits > 1 && s.body[start] == '0' {
		s.odd = true
	}
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
	for _, word := range []string{"true", "false"} {
		if rest := s.body[s.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			s.at += len(word)
			return word == "true"
		}
	}
	s.odd = true
	return false
}

// time reads a time as RFC 3339 writes it.
func (s *scan) time() (t time.Time) {
	raw, escaped := s.quoted()
	if s.odd || escaped || t.UnmarshalText(raw) != nil {
		s.odd = true
	}
	return t
}
