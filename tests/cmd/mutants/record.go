package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The table of plants in a document begins and ends with these lines.
const (
	recordBegins = "<!-- plants: written by make sim-plants -->"
	recordEnds   = "<!-- end of plants -->"
)

const recordHead = "| plant | what breaks | found by | simulated | took | seed | last run |\n| --- | --- | --- | --- | --- | --- | --- |\n"

// update writes the row of the plant with this ID into the table of a document. Other rows stay, those of plants that
// are not in the lists go, and plants without a row get one.
func update(document string, all []mutant, id, row string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	updated, err := withRow(string(text), all, id, row)
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(updated), 0o600)
}

// withRow returns the document with a row for each plant: the new one for the plant with this ID.
func withRow(document string, all []mutant, id, row string) (string, error) {
	before, rest, begins := strings.Cut(document, recordBegins+"\n")
	table, after, ends := strings.Cut(rest, recordEnds)
	if !begins || !ends {
		return "", fmt.Errorf("%q and %q are not in it", recordBegins, recordEnds)
	}
	rows := rowsOf(table)
	rows[id] = row
	var b strings.Builder
	b.WriteString(before + recordBegins + "\n\n" + recordHead)
	for _, m := range slices.SortedStableFunc(slices.Values(all), byWorkload) {
		b.WriteString(cmp.Or(rows[m.id], columns(m, "not tried yet", "", "", "", "")))
	}
	b.WriteString("\n" + recordEnds + after)
	return b.String(), nil
}

// rowsOf returns the rows of a table by the IDs of the plants.
func rowsOf(table string) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "`"); len(cells) == 3 {
			rows[cells[1]] = line
		}
	}
	return rows
}

func byWorkload(a, b mutant) int { return cmp.Compare(a.workload(), b.workload()) }

// row returns the row of a plant that was tried on a day, and that may have failed in another way than by a violation.
func row(m mutant, f finding, failed error, day time.Time) string {
	by, seed := f.test, strconv.FormatUint(f.seed, 10)
	switch {
	case failed != nil:
		by = "another failure"
	case f.late:
		by = "not found: the time was up during a run"
	case f.violation == "" && m.survives != "":
		by, seed = "not found: "+m.survives, ""
	case f.violation == "":
		by, seed = "not found", ""
	}
	return columns(m, by, short(f.simulated), short(f.real), seed, day.Format(time.DateOnly))
}

func columns(m mutant, rest ...string) string {
	cells := strings.Join(append([]string{m.breaks}, rest...), "\x00")
	cells = strings.NewReplacer("`", "", "|", `\|`, "\x00", " | ").Replace(cells) // a row has one pair of backquotes
	return fmt.Sprintf("| `%s` | %s |\n", m.id, cells)
}
