package scan

import (
	"slices"
	"strings"
	"testing"
)

// lengths of texts: parts of a block, a copy of its own, and one that goes over several pieces.
var lengths = []int{0, 1, 7, textBlock / 8, textBlock/8 + 1, pieceSize, 3 * pieceSize}

// listOf returns a list of texts that consist of letter, as JSON and as it is read.
func listOf(letter string) (text string, want []string) {
	for _, length := range lengths {
		want = append(want, strings.Repeat(letter, length))
	}
	return `["` + strings.Join(want, `","`) + `"]`, want
}

// read reads a list of texts into b.
func read(t *testing.T, b *Buffer, text string) (list []string) {
	t.Helper()
	s := b.Scan(strings.NewReader(text))
	s.Open('[')
	for s.Element() {
		list = append(list, s.Text())
	}
	s.Close(']')
	s.Finish()
	check(t, "OK", s.OK(), true)
	check(t, "error", b.Fill(&s), error(nil))
	return list
}

// The memory of texts is used again once they are released, and not before; what was read from them stays as
// it is.
func TestTextsAreReadIntoMemoryThatNobodyElseUses(t *testing.T) {
	const letters = "abcdefghi"
	var kept [][]string
	for round := 0; round < len(letters); round += 3 {
		var buffers []*Buffer
		for _, letter := range letters[round : round+3] {
			b := NewBuffer()
			text, _ := listOf(string(letter))
			kept = append(kept, read(t, b, text))
			buffers = append(buffers, b)
		}
		for i, b := range buffers {
			text, _ := listOf(letters[round+i : round+i+1])
			check(t, "the text is as it came", string(b.Bytes()) == text, true)
		}
		for _, b := range buffers {
			b.Release()
		}
	}
	for i, letter := range letters {
		_, want := listOf(string(letter))
		check(t, "what was read stays", slices.Equal(kept[i], want), true)
	}
}
