package scale_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// figures are a table of docs/scale.md. Its head begins with what the first column counts.
type figures struct{ head, separator, rows string }

func newFigures(head string, columns ...string) figures {
	return figures{
		head:      "| " + head + " | " + strings.Join(columns, " | ") + " |\n",
		separator: "| --- " + strings.Repeat("| --- ", len(columns)) + "|\n",
	}
}

// add adds a row: a figure of each expense. A column at the end without an expense was not measured.
func (f *figures) add(count int, spent []expense, figure func(*expense) float64) {
	cells := []string{number(float64(count))}
	for i := range spent {
		cells = append(cells, number(figure(&spent[i])))
	}
	for len(cells) < strings.Count(f.separator, "|")-1 {
		cells = append(cells, "-")
	}
	f.rows += "| " + strings.Join(cells, " | ") + " |\n"
}

// number writes a figure below a million with three digits, or all before the point.
func number(f float64) string {
	if n := int(math.Round(f)); n >= 1000 {
		return fmt.Sprintf("%d,%03d", n/1000, n%1000)
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}

// publish prints tables, and puts them where tables of their heads are in scale.md in the directory SCALE_OUT.
func publish(t *testing.T, all []figures) {
	t.Helper()
	for _, f := range all {
		for line := range strings.Lines(f.head + f.rows) {
			t.Log("scale: " + strings.TrimSpace(line))
		}
	}
	dir := os.Getenv("SCALE_OUT")
	if dir == "" {
		return
	}
	file := filepath.Join(dir, "scale.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document := dated(string(text))
	for _, f := range all {
		if document, err = f.in(document); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(file, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
}

// in returns the document with this table in place of the one that has its first head.
func (f figures) in(document string) (string, error) {
	first, _, _ := strings.Cut(f.head[2:], " |")
	before, rest, found := strings.Cut(document, "| "+first+" |")
	if !found {
		return document, fmt.Errorf("the document has no table of %q", first)
	}
	rest = "| " + rest
	for strings.HasPrefix(rest, "| ") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return before + f.head + f.separator + f.rows + rest, nil
}

// dated returns the document with the date and the machine of this run.
func dated(document string) string {
	const line = "\nMeasured by `make bench-scale` on "
	before, rest, _ := strings.Cut(document, line)
	_, rest, _ = strings.Cut(rest, "\n")
	average, _ := os.ReadFile("/proc/loadavg") // which Linux has
	load, _, _ := strings.Cut(string(average), " ")
	return before + line + fmt.Sprintf("%s: %d cores (%s/%s), %s, load average %s.\n",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), load) + rest
}

// A table replaces the one with its first head, and nothing else.
func TestFiguresReplaceATable(t *testing.T) {
	f := newFigures("watches: connections", "a", "b")
	f.add(10_000, []expense{{connections: 5}}, func(e *expense) float64 { return float64(e.connections) })
	got, err := f.in("x\n\n| watches: connections | old |\n| --- | --- |\n| 1 | 2 |\n\ny\n")
	if want := "x\n\n| watches: connections | a | b |\n| --- | --- | --- |\n| 10,000 | 5 | - |\n\ny\n"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := f.in("y\n"); err == nil {
		t.Error("a table is replaced that does not exist")
	}
}
