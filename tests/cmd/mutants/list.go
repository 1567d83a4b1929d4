package main

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// mutant is a change of the library that breaks it. In the lists it is a paragraph:
//
//	failover/one-round                       its ID
//	internal/cluster/failover.go             the file
//	- const mostRounds = 3                   the text, which is in the file exactly once
//	+ const mostRounds = 1                   what replaces it; nothing, if there is no such line
//	A call fails if one round does.          what breaks
//	survives: …                              why no test can show it; left out if one must
//	budget: 8h in 10m                        of a plant, see budget; left out if the usual one will do
//
// Texts of several lines have a sign before each. Lines that begin with # are comments.
type mutant struct{ id, file, old, new, breaks, survives, budget string }

//go:embed *.txt
var lists embed.FS

// list returns the mutants of all lists in a directory.
func list(dir fs.FS) ([]mutant, error) {
	files, err := fs.Glob(dir, "*.txt")
	if err != nil {
		return nil, err
	}
	var mutants []mutant
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, err
		}
		some, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		mutants = append(mutants, some...)
	}
	return mutants, nil
}

// parse returns the mutants of a list.
func parse(text string) ([]mutant, error) {
	var mutants []mutant
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var m mutant
		var plain, removed, added []string
		for line := range strings.Lines(paragraph) {
			line = strings.TrimSuffix(line, "\n")
			sign, rest, _ := strings.Cut(line, " ")
			switch {
			case line == "" || line[0] == '#':
			case sign == "-":
				removed = append(removed, rest)
			case sign == "+":
				added = append(added, rest)
			case sign == "survives:":
				m.survives = rest
			case sign == "budget:":
				m.budget = rest
			default:
				plain = append(plain, line)
			}
		}
		if plain == nil && removed == nil && added == nil {
			continue // comments alone
		}
		if len(plain) != 3 || removed == nil {
			return nil, fmt.Errorf("not a mutant: %q", paragraph)
		}
		m.id, m.file, m.breaks = plain[0], plain[1], plain[2]
		m.old, m.new = strings.Join(removed, "\n"), strings.Join(added, "\n")
		mutants = append(mutants, m)
	}
	return mutants, nil
}

// apply returns source as m changes it.
func (m mutant) apply(source string) (string, error) {
	if n := strings.Count(source, m.old); n != 1 {
		return "", fmt.Errorf("%s: %q is %d times in %s, not once", m.id, m.old, n, m.file)
	}
	return strings.Replace(source, m.old, m.new, 1), nil
}

// packages returns the packages whose tests are run: that of the file, then the one that users call. Locks and
// elections are not below etcd; the contexts of all their calls have tests of their own.
func (m mutant) packages() []string {
	switch dir := path.Dir(m.file); dir {
	case "etcd":
		return []string{"etcd"}
	case "locking":
		return []string{"locking", "election", "internal/contexts"}
	case "election":
		return []string{"election", "internal/contexts"}
	default:
		return []string{dir, "etcd"}
	}
}
