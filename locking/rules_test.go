package locking

import (
	"strings"
	"testing"
)

// lineOf makes a line: r is a reader, w anybody else.
func lineOf(kinds string) []Contender {
	var line []Contender
	for i, kind := range kinds {
		line = append(line, Contender{Key: string(rune('a' + i)), Shared: kind == 'r'})
	}
	return line
}

func TestRules(t *testing.T) {
	for _, test := range []struct {
		name  string
		rule  rule
		line  string
		at    int
		wants string // keys of the blockers
	}{
		{"the first holds", exclusive, "www", 0, ""},
		{"the second waits for the first", exclusive, "www", 1, "a"},
		{"the third waits for the second", exclusive, "www", 2, "b"},
		{"a writer waits for the reader before it", exclusive, "rrw", 2, "b"},
		{"readers hold together", shared, "rrr", 2, ""},
		{"a reader waits for a writer", shared, "wr", 1, "a"},
		{"a reader waits for the last writer", shared, "wwrr", 3, "b"},
		{"a reader waits for a writer that waits", shared, "rwr", 2, "b"},
		{"a reader before the writer holds", shared, "rwr", 0, ""},
		{"one slot", slots(1), "ww", 1, "a"},
		{"a free slot", slots(3), "www", 2, ""},
		{"the first who waits looks at all slots", slots(3), "wwwww", 3, "abc"},
		{"the others look at the one before", slots(3), "wwwww", 4, "d"},
	} {
		var keys []string
		for _, c := range test.rule(lineOf(test.line), test.at) {
			keys = append(keys, c.Key)
		}
		if got := strings.Join(keys, ""); got != test.wants {
			t.Errorf("%s: waits for %q, want %q", test.name, got, test.wants)
		}
	}
}

// Whoever leaves, and whoever begins to hold, wakes all that this concerns: nobody waits who need not.
func TestNobodySleepsForEver(t *testing.T) {
	for name, r := range map[string]func(Contender) rule{
		"mutex":     func(Contender) rule { return exclusive },
		"semaphore": func(Contender) rule { return slots(3) },
		"read/write": func(c Contender) rule {
			if c.Shared {
				return shared
			}
			return exclusive
		},
	} {
		t.Run(name, func(t *testing.T) { simulate(t, r) })
	}
}

// simulate lets a line empty itself from every position, with contenders that only look when woken.
func simulate(t *testing.T, ruleOf func(Contender) rule) {
	for _, kinds := range []string{"wwwwwwww", "rrwrrwrr", "wrwrwrwr"} {
		for leaver := range len(kinds) {
			s := &simulation{t: t, ruleOf: ruleOf, line: lineOf(kinds), holds: map[string]bool{}, waits: map[string]string{}}
			for _, c := range lineOf(kinds) {
				s.look(c.Key)
			}
			s.leave(s.line[leaver].Key) // gives up, or unlocks
			for len(s.line) > 0 {
				holder := ""
				for _, c := range s.line {
					if s.holds[c.Key] {
						holder = c.Key // the last one: holders leave in any order
					}
				}
				if holder == "" {
					t.Fatalf("%s without %d: nobody holds, %v wait", kinds, leaver, s.waits)
				}
				s.leave(holder)
			}
		}
	}
}

type simulation struct {
	t      *testing.T
	ruleOf func(Contender) rule
	line   []Contender
	holds  map[string]bool
	waits  map[string]string // for whose going, or beginning to hold
}

// look is what a contender does when it is woken.
func (s *simulation) look(key string) {
	for at, c := range s.line {
		if c.Key != key || s.holds[key] {
			continue
		}
		var blockers []string
		for _, b := range s.ruleOf(c)(s.line, at) {
			blockers = append(blockers, b.Key)
		}
		s.waits[key] = strings.Join(blockers, "")
		if len(blockers) == 0 {
			s.holds[key] = true
			s.wake(key)
			return
		}
	}
}

func (s *simulation) leave(key string) {
	for at, c := range s.line {
		if c.Key == key {
			s.line = append(append([]Contender{}, s.line[:at]...), s.line[at+1:]...)
			break
		}
	}
	delete(s.waits, key)
	s.wake(key)
}

func (s *simulation) wake(key string) {
	for _, c := range s.line {
		if strings.Contains(s.waits[c.Key], key) {
			s.look(c.Key)
		}
	}
}
