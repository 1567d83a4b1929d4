package release_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every module is in the Makefile's list, which make test, lint, vet and tidy go through, and each tool has a README and a
// row in docs/releasing.md.
func TestModulesAreListed(t *testing.T) {
	listed := tools(t)
	document, err := os.ReadFile(filepath.Join(root, "docs", "releasing.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range listed {
		if !strings.Contains(string(document), "`"+tool+"/v") {
			t.Errorf("docs/releasing.md has no tag of %s", tool)
		}
		if _, err := os.Stat(filepath.Join(root, tool, "README.md")); err != nil {
			t.Error(err)
		}
	}
	want := append([]string{".", "examples", "tests"}, listed...)
	slices.Sort(want)
	var found []string
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == ".git" || name == "testdata" || name == "build") {
			return filepath.SkipDir
		}
		if entry.Name() == "go.mod" {
			module, err := filepath.Rel(root, filepath.Dir(path))
			found = append(found, filepath.ToSlash(module))
			return err
		}
		return nil
	})
	slices.Sort(found)
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("the modules are in %q, the Makefile lists %q, %v", found, want, err)
	}
}
