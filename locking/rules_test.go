package locking

import (
	"errors"
	"strings"
	"testing"
)

// lineOf makes a line: r is a reader, a digit one with such a limit, w anybody else.
func lineOf(kinds string) []Contender {
	var line []Contender
	for i, kind := range kinds {
		c := Contender{Key: string(rune('a' + i)), Shared: kind == 'r'}
		if kind >= '1' && kind <= '9' {
			c.limit = int(kind - '0')
		}
		line = append(line, c)
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
		{"a lower limit before it counts", slots(3), "233", 2, "ab"},
		{"its own limit counts", slots(2), "3333", 3, "abc"},
		{"a lower limit behind it does not", slots(3), "332", 1, ""},
		{"one without a limit says nothing", slots(3), "w33", 2, ""},
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
		t.Run(name, func(t *testing.T) { simulate(t, r, "wwwwwwww", "rrwrrwrr", "wrwrwrwr") })
	}
	t.Run("limits that differ", func(t *testing.T) {
		simulate(t, func(c Contender) rule { return slots(c.limit) }, "33222222", "22333333", "32323232", "55511555", "13131313")
	})
}

func TestLimitsThatDisagree(t *testing.T) {
	line := lineOf("335")
	line[0].former = 4
	for _, test := range []struct {
		limit, former, at int
		agree             bool
	}{
		{3, 0, 2, true},
		{3, 0, 3, false},
		{3, 5, 3, true},
		{5, 3, 3, true},
		{5, 0, 2, false},
		{4, 0, 1, true},
		{4, 0, 2, false},
		{0, 0, 3, true},
	} {
		q := &queue{config: config{former: test.former}, dir: "/s", limit: test.limit}
		err := q.agree(line, test.at)
		if (err == nil) != test.agree || err != nil && !errors.Is(err, ErrOtherLimit) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// simulate lets a line empty itself from every position, with contenders that only look when woken.
func simulate(t *testing.T, ruleOf func(Contender) rule, lines ...string) {
	for _, kinds := range lines {
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
			if c.limit != 0 && len(s.holds) > c.limit {
				s.t.Fatalf("%v hold, and the last one was promised %d", s.holds, c.limit)
			}
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
	delete(s.holds, key)
	s.wake(key)
}

func (s *simulation) wake(key string) {
	for _, c := range s.line {
		if strings.Contains(s.waits[c.Key], key) {
			s.look(c.Key)
		}
	}
}
