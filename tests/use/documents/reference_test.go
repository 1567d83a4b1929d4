package documents_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mostBefore is how many lines `go doc ./etcd` may show before the first symbol: what a reader passes to get there.
const mostBefore = 120

var symbol = regexp.MustCompile(`^(const|var|func|type) `)

// introduction returns what `go doc` shows of package etcd before its first symbol.
func introduction(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("go", "doc", "./etcd")
	cmd.Dir = root
	page, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for i, line := range lines {
		if symbol.MatchString(line) {
			return lines[:i]
		}
	}
	t.Fatalf("`go doc ./etcd` shows no symbol:\n%s", page)
	return nil
}

func TestReferenceBeginsWithItsSymbolsSoon(t *testing.T) {
	if lines := len(introduction(t)); lines > mostBefore {
		t.Errorf("`go doc ./etcd` shows %d lines before the first symbol, more than %d: move rules to the symbols that keep them", lines, mostBefore)
	}
}

// Every call of the table "I want to" compiles.
func TestCallsOfTheReferenceCompile(t *testing.T) {
	c := newChecker(t)
	rows, column := 0, 0
	for _, line := range introduction(t) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "I want to "):
			column = strings.Index(line, "call")
		case strings.HasPrefix(line, "# "):
			column = 0 // the table has ended
		case column > 0 && len(line) > column:
			rows++
			if err := c.inline(line[column:]); err != nil {
				t.Errorf("%q: %v", strings.TrimSpace(line), err)
			}
		}
	}
	if rows < 25 {
		t.Errorf("the table has %d calls", rows)
	}
}

// The documentation of the packages that programs use is English, too.
func TestEnglishOfTheReference(t *testing.T) {
	for _, library := range []string{"etcd", "locking", "election"} {
		texts := 0
		for name, text := range reference(t, library) {
			for paragraph := range strings.SplitSeq(text, "\n\n") {
				texts++
				for _, found := range foreign(strings.Join(strings.Fields(paragraph), " ")) {
					t.Errorf("%s: %s: %s", library, name, found)
				}
			}
		}
		if texts < 20 {
			t.Errorf("package %s has %d paragraphs of documentation", library, texts)
		}
	}
}

// reference returns the comments of a package that `go doc -all` shows, by where they are.
func reference(t *testing.T, library string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, library, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	comments := map[string]string{}
	add := func(group *ast.CommentGroup) {
		if group != nil {
			comments[files.Position(group.Pos()).String()] = group.Text()
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		add(file.Doc)
		ast.FileExports(file) // leaves out what is not exported
		ast.Inspect(file, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				add(n.Doc)
				return false
			case *ast.GenDecl:
				add(n.Doc)
			case *ast.TypeSpec:
				add(n.Doc)
			case *ast.ValueSpec:
				add(n.Doc)
				add(n.Comment)
			case *ast.Field:
				add(n.Doc)
				add(n.Comment)
			}
			return true
		})
	}
	return comments
}
