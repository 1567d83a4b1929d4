package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table is a table of a report.
type table struct {
	title string // of the section
	head  []string
	rows  [][]string
}

// tables returns the tables of a report.
func tables(report string) []table {
	var all []table
	title, open := "", false
	for line := range strings.Lines(report) {
		line = strings.TrimSpace(line)
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			title = heading
		}
		row, isRow := strings.CutPrefix(line, "| ")
		cells := strings.Split(strings.TrimSuffix(row, " |"), " | ")
		switch {
		case !isRow:
		case !open:
			all = append(all, table{title: title, head: cells})
		case cells[0] != "---":
			last := &all[len(all)-1]
			last.rows = append(last.rows, cells)
		}
		open = isRow
	}
	return all
}

// find returns the table whose first head is given.
func find(all []table, head string) (table, error) {
	for _, t := range all {
		if t.head[0] == head {
			return t, nil
		}
	}
	return table{}, fmt.Errorf("the report has no table of %q", head)
}

// column returns where the column with that head is, -1 if the table has none.
func (t table) column(head string) int { return slices.Index(t.head, head) }

// parseTime reads the duration that a cell begins with, as short writes it.
func parseTime(cell string) (time.Duration, error) {
	number, unit, _ := strings.Cut(cell, " ")
	unit, _, _ = strings.Cut(unit, " ")
	return time.ParseDuration(number + unit)
}

// parseNumber reads the number that a cell begins with.
func parseNumber(cell string) (float64, error) {
	number, _, _ := strings.Cut(cell, " ")
	return strconv.ParseFloat(strings.ReplaceAll(number, ",", ""), 64)
}
