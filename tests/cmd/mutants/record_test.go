package main

import (
	"errors"
	"os"
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

// TestRecordHasItsPlace: make sim-plants finds where to write.
func TestRecordHasItsPlace(t *testing.T) {
	document, err := os.ReadFile("../../../docs/simulation.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := withRow(string(document), nil, "", ""); err != nil {
		t.Error(err)
	}
}
