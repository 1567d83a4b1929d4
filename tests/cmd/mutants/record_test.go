package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	all := []mutant{
		{id: "watch/late", breaks: "It is late."},
		{id: "mutex/two", breaks: "Two `hold` a|b."},
		{id: "mutex/new", breaks: "It is new."},
	}
	const (
		before = "# Title\n\n" + recordBegins + "\n\n" + recordHead
		old    = "| `mutex/gone` | It is gone. | mutex | 1s | 1s | 1 | 2026-01-01 |\n"
		late   = "| `watch/late` | It is late. | watch | 1s | 1s | 1 | 2026-01-02 |\n"
		after  = "\n" + recordEnds + "\n\nThe end.\n"
	)
	found := row(all[1], finding{seed: 7, simulated: 90 * time.Second, real: 3 * time.Second, test: "TestMutex", violation: "two holders"}, nil, time.Unix(0, 0).UTC())
	got, err := withRow(before+old+late+after, all, "mutex/two", found)
	want := before +
		"| `mutex/two` | Two hold a\\|b. | TestMutex | 1m30s | 3s | 7 | 1970-01-01 |\n" +
		"| `mutex/new` | It is new. | not tried yet |  |  |  |  |\n" + late + after
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
	if again, err := withRow(got, all, "mutex/two", found); err != nil || again != got {
		t.Errorf("got %v\n%s\nthe second time, and first\n%s", err, again, got)
	}
	unfindable := mutant{id: "mutex/never", breaks: "Nothing.", survives: "it changes nothing"}
	if got := row(unfindable, finding{simulated: time.Hour, real: time.Second}, nil, time.Unix(0, 0).UTC()); got !=
		"| `mutex/never` | Nothing. | not found: it changes nothing | 1h | 1s |  | 1970-01-01 |\n" {
		t.Errorf("got %s", got)
	}
	for _, test := range []struct {
		f      finding
		failed error
		want   string
	}{
		{finding{seed: 7, simulated: 4 * time.Hour, real: time.Minute}, nil, "not found | 4h | 1m |  |"},
		{finding{seed: 7, real: time.Minute, late: true}, nil, "not found: the time was up during a run | 0s | 1m | 7 |"},
		{finding{seed: 7, real: time.Second}, errors.New("it panics"), "another failure | 0s | 1s | 7 |"},
	} {
		got := row(all[2], test.f, test.failed, time.Unix(0, 0).UTC())
		if want := "| `mutex/new` | It is new. | " + test.want + " 1970-01-01 |\n"; got != want {
			t.Errorf("got %swant %s", got, want)
		}
	}
	if _, err := withRow("# Title\n", all, "mutex/two", found); err == nil {
		t.Error("a document without the lines has a table")
	}
}

// TestRecordIsComplete: each plant has been found, and each row is of a plant.
func TestRecordIsComplete(t *testing.T) {
	document, err := os.ReadFile("../../../docs/simulation.md")
	if err != nil {
		t.Fatal(err)
	}
	plants, err := (trial{root: "../../.."}).plants()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range incomplete(string(document), plants) {
		t.Error(wrong)
	}
}

func TestIncomplete(t *testing.T) {
	all := []mutant{{id: "mutex/two"}, {id: "mutex/new"}, {id: "mutex/old"}, {id: "mutex/hidden"}}
	const document = recordBegins + "\n\n" + recordHead +
		"| `mutex/two` | Two hold. | TestMutex | 1s | 1s | 1 | 2026-01-01 |\n" +
		"| `mutex/new` | It is new. | not tried yet |  |  |  |  |\n" +
		"| `mutex/hidden` | It hides. | not found | 4h | 1m |  | 2026-01-01 |\n" +
		"| `mutex/gone` | It is gone. | TestMutex | 1s | 1s | 1 | 2026-01-01 |\n\n" + recordEnds
	want := []string{"mutex/gone is no plant", "mutex/hidden: not found", "mutex/new: not tried yet", "mutex/old has no row"}
	if got := incomplete(document, all); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// incomplete returns what the table of a document lacks, or has too much.
func incomplete(document string, all []mutant) (wrong []string) {
	_, table, _ := strings.Cut(document, recordBegins)
	table, _, _ = strings.Cut(table, recordEnds)
	rows := rowsOf(table)
	for _, m := range all {
		row, found := rows[m.id]
		delete(rows, m.id)
		if !found {
			wrong = append(wrong, m.id+" has no row")
			continue
		}
		cells := strings.Split(strings.ReplaceAll(row, `\|`, ""), " | ")
		if by := cells[2]; !strings.HasPrefix(by, "Test") {
			wrong = append(wrong, m.id+": "+by)
		}
	}
	for id := range rows {
		wrong = append(wrong, id+" is no plant")
	}
	slices.Sort(wrong)
	return wrong
}
