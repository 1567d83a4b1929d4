package scan

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// check compares by value.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %#v\nwant %#v", what, got, want)
	}
}

// Lines that are longer than the room for them come whole, and one that is cut off does not come.
func TestLinesOfAStream(t *testing.T) {
	const room = 16
	text := "short\n" + strings.Repeat("long ", room) + "\n" + "\n" + strings.Repeat("x", room-1) + "\n" + "cut of"
	for name, source := range map[string]io.Reader{
		"at once": strings.NewReader(text), "by the byte": iotest.OneByteReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			lines, got := NewLines(source, room), ""
			for {
				line, err := lines.Next()
				if err != nil {
					check(t, "end", err, io.EOF)
					break
				}
				got += string(line)
			}
			check(t, "lines", got, strings.TrimSuffix(text, "cut of"))
		})
	}
}

func TestLineThatHasBeenRead(t *testing.T) {
	for rest, want := range map[string]bool{"": false, "part": false, "whole\n": true, "whole\npart": true} {
		lines := NewLines(strings.NewReader("first\n"+rest), 4096)
		if _, err := lines.Next(); err != nil {
			t.Fatal(err)
		}
		check(t, fmt.Sprintf("with %q left", rest), lines.Ready(), want)
	}
}
