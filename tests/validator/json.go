package validator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A decoded is a JSON document that could be read.
type decoded struct{ value any }

// decode reads the first JSON document of text. Numbers stay as they are written.
func decode(text []byte) (value any, read int64, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&value)
	return value, d.InputOffset(), err
}

// decodeStrictly reads one JSON document and says what is wrong with its text, also where Go's decoder says nothing.
func decodeStrictly(text []byte) (*decoded, []string) {
	value, read, err := decode(text)
	switch {
	case errors.Is(err, io.EOF):
		return nil, []string{"is empty"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, []string{"ends within its JSON document"}
	case err != nil:
		return nil, []string{"is not JSON"}
	case len(bytes.TrimSpace(text[read:])) > 0:
		return nil, []string{"has something behind its JSON document"}
	}
	var wrong []string
	if !utf8.Valid(text) {
		wrong = append(wrong, "is not UTF-8")
	}
	if hasHalfPair(text) {
		wrong = append(wrong, "has half of a surrogate pair")
	}
	for _, path := range repeated(json.NewDecoder(bytes.NewReader(text)), "", nil) {
		wrong = append(wrong, "has the field "+short(path)+" twice in one object")
	}
	return &decoded{value}, wrong
}

// repeated appends the names that an object has more than once, with their places, to list.
func repeated(d *json.Decoder, at string, list []string) []string {
	token, err := d.Token()
	if err != nil {
		return list // it was read before
	}
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			name, _ := d.Token()
			key, _ := name.(string)
			if seen[key] {
				list = append(list, join(at, key))
			}
			seen[key] = true
			list = repeated(d, join(at, key), list)
		}
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			list = repeated(d, join(at, strconv.Itoa(i)), list)
		}
	default:
		return list
	}
	_, _ = d.Token() // what closes it
	return list
}

// hasHalfPair reports whether a string of a JSON document has an escaped surrogate without its other half. Some decoders
// replace it, others fail.
func hasHalfPair(document []byte) bool {
	for i := 0; i < len(document); i++ {
		if document[i] != '\\' {
			continue
		}
		first, ok := escaped(document[i:])
		if !ok {
			i++ // another escape, of one character
			continue
		}
		i += 5
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, _ := escaped(document[i+1:])
		if utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escaped returns the code unit that text begins with, written as in \u00e9.
func escaped(text []byte) (unit rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}
