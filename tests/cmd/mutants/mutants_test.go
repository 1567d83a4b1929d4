package main

import (
	"reflect"
	"testing"
)

// The whole run takes minutes, and is `make mutants`. That its list fits the code shows at once.
func TestMutantsFitTheCode(t *testing.T) {
	mutants, err := list(lists)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range mutants {
		if ids[m.id] {
			t.Errorf("%s is listed twice", m.id)
		}
		ids[m.id] = true
		if _, err := (trial{root: "../../.."}).mutated(m); err != nil {
			t.Error(err)
		}
	}
}

func TestParse(t *testing.T) {
	got, err := parse("# One.\n\n# Two.\na/b\ninternal/a.go\n- \told {\n- more\n+ new {\nIt breaks.\nsurvives: never\n\nc\nd.go\n- x\nIt too.\nbudget: 8h in 10m\n")
	want := []mutant{
		{"a/b", "internal/a.go", "\told {\nmore", "new {", "It breaks.", "never", ""},
		{"c", "d.go", "x", "", "It too.", "", "8h in 10m"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, odd := range []string{"a", "a\nb\nIt breaks.", "a\nb\n- x", "a\nb\n- x\nIt breaks.\nAnd more."} {
		if got, err := parse(odd); err == nil {
			t.Errorf("%q is %q", odd, got)
		}
	}
}

func TestApply(t *testing.T) {
	m := mutant{old: "one", new: "two"}
	if got, err := m.apply("is one here"); err != nil || got != "is two here" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, source := range []string{"", "one and one"} {
		if got, err := m.apply(source); err == nil {
			t.Errorf("%q becomes %q", source, got)
		}
	}
}

func TestWhatFailed(t *testing.T) {
	for out, want := range map[string]string{
		"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n--- FAIL: TestC (0.1s)\n": "TestA",
		"panic: test timed out after 1s\n":                                                 "the time limit",
		"PASS\n3 goroutines left after the tests:":                                         "goroutines that are left",
		"fatal error: stack overflow":                                                      "a crash",
	} {
		if got := whatFailed([]byte(out)); got != want {
			t.Errorf("%q is %q, want %q", out, got, want)
		}
	}
}
