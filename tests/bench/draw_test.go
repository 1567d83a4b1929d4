package bench

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var draw = flag.Bool("draw", false, "draw the charts in docs/ again")

// The charts in docs/ show the figures of the documents beside them.
func TestChartsShowTheReport(t *testing.T) {
	t.Run("bench", func(t *testing.T) { expectCharts(t, "benchmarks.md", "bench-*.svg", charts) })
	t.Run("scale", func(t *testing.T) { expectCharts(t, "scale.md", "scale-*.svg", scaleCharts) })
}

// expectCharts fails the test unless docs/ has the charts of a document, and no other files of that pattern.
func expectCharts(t *testing.T, document, pattern string, charts func(report string) (map[string]string, error)) {
	t.Helper()
	docs := filepath.FromSlash("../../docs")
	report, err := os.ReadFile(filepath.Join(docs, document))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := charts(string(report))
	if err != nil {
		t.Fatal(err)
	}
	if *draw {
		if err := writeAll(docs, drawn); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range drawn {
		if !strings.Contains(string(report), "("+name+")") {
			t.Errorf("%s does not show %s", document, name)
		}
		if got, err := os.ReadFile(filepath.Join(docs, name)); err != nil || string(got) != want {
			t.Errorf("%s does not show the figures of %s (mend: make plots): %v", name, document, err)
		}
	}
	files, err := filepath.Glob(filepath.Join(docs, pattern))
	if err != nil || len(files) != len(drawn) {
		t.Errorf("docs/ has the charts %q, want %d of them: %v", files, len(drawn), err)
	}
}

// What the tables say can be read again.
func TestFiguresAreReadAsWritten(t *testing.T) {
	for _, d := range []time.Duration{66, 31_600, 519_000, 20_700_000, 752_000_000, 9_120_000_000} {
		if got, err := parseTime(short(d) + " ±5%"); err != nil || got != d {
			t.Errorf("%v is written as %q and read as %v, %v", d, short(d), got, err)
		}
	}
	for n, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 310_128: "310,128", 12_345_678: "12,345,678"} {
		if got := grouped(n); got != want {
			t.Errorf("%v is written as %q, want %q", n, got, want)
		}
		if got, err := parseNumber(want + " of 3"); err != nil || got != n {
			t.Errorf("%q is read as %v, %v", want, got, err)
		}
	}
	report := "## A\n\n| time | x |\n| --- | --- |\n| GET | 1 |\n\n| storm |\n| --- |\n| - |\n"
	all := tables(report)
	if len(all) != 2 || all[0].title != "A" || all[0].column("x") != 1 || all[0].rows[0][0] != "GET" || len(all[1].rows) != 1 {
		t.Errorf("%q is read as %+v", report, all)
	}
	if _, err := find(all, "calls"); err == nil {
		t.Error("a table that does not exist is found")
	}
}
