package scan

import (
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// values is a text with a value of each kind, as it is read.
type values struct {
	text, short string
	initial     byte // of the field behind them
	list        []uint64
	negative    int64
	yes, no     bool
	at          time.Time
}

const valuesText = `{"text":"é\"\n\u003c0","short":"","list":[0,18,1234567890123456789],"negative":-7,` +
	`"yes":true,"no":false,"at":"2026-11-22T08:53:55.329658113Z"}` + "\n"

var wantValues = values{
	text: "é\"\n<0", initial: 'l', list: []uint64{0, 18, 1234567890123456789}, negative: -7,
	yes: true, at: time.Date(2026, 11, 22, 8, 53, 55, 329658113, time.UTC),
}

// values reads them. It fails at a field that is not there.
func (s *Scanner) values() (v values) {
	field := func(name string) { s.failed = s.failed || !s.Field(name) }
	s.Open('{')
	field(`"text":`)
	v.text = s.Text()
	field(`"short":`)
	v.short = s.Text()
	if !s.Field(`"other":`) {
		v.initial = s.Initial()
	}
	field(`"list":`)
	s.Open('[')
	for s.Element() {
		v.list = append(v.list, s.Number())
	}
	s.Close(']')
	field(`"negative":`)
	v.negative = s.Integer()
	field(`"yes":`)
	v.yes = s.Boolean()
	field(`"no":`)
	v.no = s.Boolean()
	field(`"at":`)
	v.at = s.Time()
	s.Close('}')
	s.Finish()
	return v
}

func TestScannerReadsEachKindOfValue(t *testing.T) {
	s := Of([]byte(valuesText))
	check(t, "values", s.values(), wantValues)
	check(t, "OK", s.OK(), true)
	check(t, "bytes left", s.Left(), 0)
}

// A text that comes byte by byte, and goes on in another piece anywhere.
func TestScannerAtAnySeam(t *testing.T) {
	for first := range len(valuesText) {
		s := &Scanner{source: iotest.OneByteReader(strings.NewReader(valuesText)), body: make([]byte, 0, first)}
		check(t, "values", s.values(), wantValues)
		check(t, "OK", s.OK(), true)
		var b Buffer
		check(t, "error", b.Fill(s), error(nil))
		check(t, "the whole text", string(b.Bytes()), valuesText)
	}
}

// The tests of package etcd go by this size, too.
func TestFirstPiece(t *testing.T) {
	s := NewBuffer().Scan(strings.NewReader(""))
	check(t, "size", cap(s.body), 1<<10)
}

func TestScannerFailsWhereTheTextEnds(t *testing.T) {
	for end := range len(valuesText) - 1 {
		b := NewBuffer()
		s := b.Scan(iotest.OneByteReader(strings.NewReader(valuesText[:end])))
		s.values()
		check(t, "OK with "+valuesText[:end], s.OK(), false)
		check(t, "error", b.Fill(&s), error(nil))
		b.Release()
	}
}
