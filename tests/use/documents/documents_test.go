// Package documents_test holds the documents of the repository to the code: their Go compiles, the commands and files that
// they name exist, and their English is that of the package documentation.
package documents_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// mostLines is how long README.md may be: what a newcomer reads. The rest belongs to docs/.
const mostLines = 150

// A document is a Markdown file, taken apart.
type document struct {
	name   string // relative to the root
	blocks []block
	prose  []paragraph
}

// A block is code that stands alone.
type block struct {
	line     int
	language string // of a fence; empty for one that is indented
	text     string
}

// A paragraph is a paragraph, an item of a list, a heading or a row of a table.
type paragraph struct {
	line int
	text string // in one line
}

// documents returns README.md and its like, those of the tools, and all of docs/.
func documents(t *testing.T) []document {
	t.Helper()
	files := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "migrate/README.md", "tests/README.md"}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(more) == 0 {
		t.Fatalf("there are no documents: %v", err)
	}
	for _, name := range more {
		files = append(files, "docs/"+filepath.Base(name))
	}
	for _, pattern := range []string{"tests/*/README.md", "tests/*/*/README.md"} {
		tools, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range tools {
			name, err := filepath.Rel(root, name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, filepath.ToSlash(name))
		}
	}
	var all []document
	for _, name := range files {
		all = append(all, parse(name, read(t, name)))
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// begin is what begins a paragraph without an empty line before it.
var begin = regexp.MustCompile(`^(#+ |\||\s*[-*] |\s*\d+\. )`)

// parse takes a text apart.
func parse(name, text string) document {
	d := document{name: name}
	fenced, open := false, false // whether a fence, a paragraph is open
	for i, line := range strings.Split(text, "\n") {
		last := len(d.blocks) - 1
		switch language, fence := strings.CutPrefix(line, "```"); {
		case fence && fenced:
			fenced = false
		case fence:
			fenced, open = true, false
			d.blocks = append(d.blocks, block{line: i + 1, language: language})
		case fenced:
			d.blocks[last].text += line + "\n"
		case strings.TrimSpace(line) == "":
			open = false
		case strings.HasPrefix(line, "    ") && !open:
			d.blocks = append(d.blocks, block{line: i + 1, text: strings.TrimPrefix(line, "    ") + "\n"})
		case open && !begin.MatchString(line):
			d.prose[len(d.prose)-1].text += " " + strings.TrimSpace(line)
		default:
			open = true
			d.prose = append(d.prose, paragraph{i + 1, strings.TrimSpace(line)})
		}
	}
	return d
}

// cells returns the cells of a row, or nil.
func (p paragraph) cells() []string {
	row, isRow := strings.CutPrefix(p.text, "| ")
	if !isRow {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.TrimSpace(row), "|"), "| ")
}

var span = regexp.MustCompile("`([^`]+)`")

// spans returns the code in a text.
func spans(text string) []string {
	var all []string
	for _, match := range span.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}

// shell returns the lines of code of a document that are not Go and the code within its text.
func (d document) shell() []string {
	var all []string
	for _, b := range d.blocks {
		if b.language == "" || b.language == "sh" {
			all = append(all, strings.Split(b.text, "\n")...)
		}
	}
	for _, p := range d.prose {
		all = append(all, spans(p.text)...)
	}
	return all
}

func TestParse(t *testing.T) {
	d := parse("x.md", "# A\n\nOne\ntwo `make x`.\n- item\n\n    make y\n\n| a | b |\n```go\nx := 1\n```\nlast\n")
	var prose []string
	for _, p := range d.prose {
		prose = append(prose, p.text)
	}
	if want := []string{"# A", "One two `make x`.", "- item", "| a | b |", "last"}; !slices.Equal(prose, want) {
		t.Errorf("the text is %q, want %q", prose, want)
	}
	if len(d.blocks) != 2 || d.blocks[0].text != "make y\n" || d.blocks[1] != (block{10, "go", "x := 1\n"}) {
		t.Errorf("the code is %+v", d.blocks)
	}
	if got := d.prose[3].cells(); !slices.Equal(got, []string{"a ", "b "}) {
		t.Errorf("the cells are %q", got)
	}
}

func TestReadmeIsOnePage(t *testing.T) {
	if lines := strings.Count(read(t, "README.md"), "\n"); lines > mostLines {
		t.Errorf("README.md has %d lines, more than %d: move what a newcomer does not need to docs/", lines, mostLines)
	}
}
