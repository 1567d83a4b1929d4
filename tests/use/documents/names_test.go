package documents_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	target   = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	command  = regexp.MustCompile(`(?:^|\s)make ([a-z][a-z0-9-]*)`)
	imported = regexp.MustCompile(`(?:^|\s)github\.com/etcdv2/client((?:/[a-z0-9]+)*)(?:\s|$)`)
	variable = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// Each `make …` of a document is a target, each package a folder, and each variable is one that something reads.
func TestCommandsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	targets := map[string]bool{}
	for _, match := range target.FindAllStringSubmatch(makefile, -1) {
		targets[match[1]] = true
	}
	sources := makefile + goSources(t)
	commands := 0
	for _, d := range documents(t) {
		for _, line := range d.shell() {
			for _, match := range command.FindAllStringSubmatch(line, -1) {
				commands++
				if !targets[match[1]] {
					t.Errorf("%s: there is no target of `make %s`", d.name, match[1])
				}
			}
			for _, match := range imported.FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat(filepath.Join(root, match[1])); err != nil {
					t.Errorf("%s: there is no package %s", d.name, strings.TrimSpace(match[0]))
				}
			}
			for _, name := range variable.FindAllString(line, -1) {
				if !strings.Contains(sources, name) {
					t.Errorf("%s: nothing reads %s", d.name, name)
				}
			}
		}
	}
	if commands == 0 {
		t.Error("no command was found")
	}
}

// goSources returns all of the tests' module.
func goSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(root, "tests"), func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".go" {
			return err
		}
		text, err := os.ReadFile(name)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Links between documents lead to files, and to headings in them.
func TestLinksLead(t *testing.T) {
	all := map[string]document{}
	for _, d := range documents(t) {
		all[d.name] = d
	}
	for _, d := range all {
		for _, p := range d.prose {
			for _, match := range link.FindAllStringSubmatch(span.ReplaceAllString(p.text, "X"), -1) {
				to, anchor, _ := strings.Cut(match[1], "#")
				if strings.Contains(to, "://") {
					continue
				}
				name := d.name
				if to != "" {
					name = path.Join(path.Dir(d.name), to)
				}
				if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
					t.Errorf("%s:%d: there is no %s", d.name, p.line, to)
				}
				if other, known := all[name]; known && anchor != "" && !other.heading(anchor) {
					t.Errorf("%s:%d: %s has no heading #%s", d.name, p.line, name, anchor)
				}
			}
		}
	}
}

var notInAnchors = regexp.MustCompile(`[^a-z0-9 -]`)

// heading reports whether one of the headings has the anchor.
func (d document) heading(anchor string) bool {
	for _, p := range d.prose {
		if strings.HasPrefix(p.text, "#") {
			title := notInAnchors.ReplaceAllString(strings.ToLower(strings.TrimLeft(p.text, "# ")), "")
			if strings.ReplaceAll(title, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

// Every document of docs/ is in the index, and README.md leads to the index.
func TestIndexIsComplete(t *testing.T) {
	index := read(t, "docs/README.md")
	for _, d := range documents(t) {
		name := path.Base(d.name)
		if strings.HasPrefix(d.name, "docs/") && name != "README.md" && !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
	if !strings.Contains(read(t, "README.md"), "(docs/README.md)") {
		t.Error("README.md does not lead to docs/README.md")
	}
}
