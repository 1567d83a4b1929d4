package bench

import (
	"fmt"
	"strings"
)

// The clients in docs/scale.md that docs/benchmarks.md does not have.
const (
	unshared = "not shared"
	needed   = "renewals needed"
)

// scaleCharts draws the tables of docs/scale.md, by the names of files. The head of a table begins with what is
// counted; the tables that count the same make a chart.
func scaleCharts(report string) (map[string]string, error) {
	drawn := map[string]string{}
	for _, c := range []struct{ file, title, counted, across string }{
		{"scale-watches.svg", "What quiet watches of a client cost, with 1,000 writes/s elsewhere", "watches", "watches"},
		{"scale-writes.svg", "What 100 watches of a client cost while their keys are written", "writes/s", "writes a second"},
		{"scale-locks.svg", "What idle locks of a client cost, with a TTL of 30 s", "locks", "locks"},
	} {
		picture, clients := chart{title: c.title}, names{ours, unshared}
		for _, t := range tables(report) {
			figure, ok := strings.CutPrefix(t.head[0], c.counted+": ")
			if !ok {
				continue
			}
			s, err := linesOf(t)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.head[0], err)
			}
			s.name, s.across = strings.ToUpper(figure[:1])+figure[1:], c.across
			picture.sections = append(picture.sections, s)
			if len(t.head)-1 > len(clients) {
				clients = t.head[1:]
			}
		}
		if len(picture.sections) == 0 {
			return nil, fmt.Errorf("the report has no table of %s", c.counted)
		}
		picture.sections = append([]section{clients}, picture.sections...)
		drawn[c.file] = picture.svg()
	}
	return drawn, nil
}

// linesOf returns the section that shows a table.
func linesOf(t table) (lines, error) {
	var s lines
	for _, client := range t.head[1:] {
		s.series = append(s.series, series{client: client})
	}
	for _, cells := range t.rows {
		count, err := parseNumber(cells[0])
		if err != nil {
			return s, err
		}
		s.counts = append(s.counts, count)
		for i, cell := range cells[1:] {
			if cell == "-" {
				continue // it was not measured, as with all greater counts
			}
			cost, err := parseNumber(cell)
			if err != nil {
				return s, err
			}
			s.series[i].costs = append(s.series[i].costs, cost)
		}
	}
	return s, nil
}
