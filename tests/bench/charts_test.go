package bench

import (
	"fmt"
	"strings"
	"time"
)

// charts draws the tables of a report, by the names of files. They come from what is published, and not from what was
// measured, so that they can be drawn again without measuring again.
func charts(report string) (map[string]string, error) {
	all := tables(report)
	calls, err := callsChart(all)
	if err != nil {
		return nil, err
	}
	rest := chart{title: restTitle}
	for _, add := range []func([]table) ([]section, error){latencyBars, stormBars, failoverBars, memoryBars} {
		sections, err := add(all)
		if err != nil {
			return nil, err
		}
		rest.sections = append(rest.sections, sections...)
	}
	return map[string]string{callsFile: calls.svg(), restFile: rest.svg()}, nil
}

// The names and titles of the charts.
const (
	callsFile, callsTitle = "bench-calls.svg", "Time of one call, as a multiple of net/http's: further left is faster"
	restFile, restTitle   = "bench-rest.svg", "Watches, failover and memory"
)

// shown are the clients of the chart of the calls, in the order of its legend.
var shown = []string{ours, official, tuned, goEtcd, limit, reading}

// callsChart draws the times of all calls, divided by those of net/http.
func callsChart(all []table) (chart, error) {
	c := chart{title: callsTitle, sections: []section{legend{shown}}}
	for _, t := range all {
		if t.head[0] != timesHead {
			continue
		}
		s := ratios{name: t.title}
		for _, cells := range t.rows {
			row, err := ratioRowOf(t, cells)
			if err != nil {
				return c, fmt.Errorf("%s, %s: %w", t.title, cells[0], err)
			}
			s.rows = append(s.rows, row)
		}
		c.sections = append(c.sections, s)
	}
	return c, nil
}

func ratioRowOf(t table, cells []string) (ratioRow, error) {
	row := ratioRow{name: cells[0]}
	base, err := parseTime(cells[t.column(floor)])
	if err != nil {
		return row, err
	}
	for _, client := range shown {
		column := t.column(client)
		if column < 0 {
			continue // which does not take part
		}
		took, err := parseTime(cells[column])
		if err != nil {
			return row, fmt.Errorf("%s: %w", client, err)
		}
		row.marks = append(row.marks, mark{client, float64(took) / float64(base)})
	}
	return row, nil
}

func latencyBars(all []table) ([]section, error) {
	t, err := find(all, latencyHead)
	if err != nil {
		return nil, err
	}
	var sections []section
	for _, part := range []string{"p50", "p99"} {
		s := bars{name: fmt.Sprintf("From write to event at %d writes a second, %s, shorter is better", time.Second/pace, part)}
		for _, cells := range t.rows {
			cell := cells[t.column(part)]
			took, err := parseTime(cell)
			if err != nil {
				return nil, err
			}
			s.bars = append(s.bars, bar{client: cells[0], value: float64(took), label: cell})
		}
		sections = append(sections, s)
	}
	return sections, nil
}

func stormBars(all []table) ([]section, error) {
	t, err := find(all, stormHead)
	if err != nil {
		return nil, err
	}
	s := bars{name: "Events delivered in a storm by 64 writers, longer is better"}
	for _, cells := range t.rows {
		if client := cells[0]; client == ours || client == official {
			delivered, err := parseNumber(cells[1])
			if err != nil {
				return nil, err
			}
			s.bars = append(s.bars, bar{client: client, value: delivered, label: cells[1]})
		}
	}
	return []section{s}, nil
}

func failoverBars(all []table) ([]section, error) {
	t, err := find(all, failoverHead)
	if err != nil {
		return nil, err
	}
	var sections []section
	for _, f := range faults {
		s := bars{name: fmt.Sprintf("One member of three is %s: until the next read succeeds, shorter is better", f.name)}
		for _, cells := range t.rows {
			if !strings.Contains(cells[0], "member in use is "+f.name) {
				continue
			}
			b := bar{client: cells[1], label: cells[t.column("worst")]}
			took, err := parseTime(b.label)
			if b.none = strings.HasPrefix(b.label, none); b.none {
				took, err = full.patience, nil // as long as it was waited for
			}
			if err != nil {
				return nil, err
			}
			b.value = float64(took)
			s.bars = append(s.bars, b)
		}
		sections = append(sections, s)
	}
	return sections, nil
}

func memoryBars(all []table) ([]section, error) {
	t, err := find(all, memoryHead)
	if err != nil {
		return nil, err
	}
	var sections []section
	for i, cells := range t.rows {
		if i == 0 || cells[0] != t.rows[i-1][0] {
			sections = append(sections, bars{name: "Memory that one read takes at most, " + cells[0] + ", shorter is better"})
		}
		bytes, err := parseNumber(cells[2])
		if err != nil {
			return nil, err
		}
		s := sections[len(sections)-1].(bars)
		s.bars = append(s.bars, bar{client: cells[1], value: bytes, label: cells[2]})
		sections[len(sections)-1] = s
	}
	return sections, nil
}
