// Package release_test releases the modules as docs/releasing.md says, in a clone whose origin is a folder, and uses them as
// other programs do. It runs only with RELEASE set, as make release-test does, since it compiles etcd once more.
package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root    = "../../.."
	library = "github.com/etcdv2/client"
	tests   = library + "/tests"
	version = "v0.1.0" // the one that the document releases
)

func TestRelease(t *testing.T) {
	if os.Getenv("RELEASE") == "" {
		t.Skip("make release-test runs this")
	}
	maintainer, user := commands(t)
	dir := t.TempDir()
	origin, clone := filepath.Join(dir, "origin.git"), filepath.Join(dir, "clone")
	at(root).run(t, "git", "init", "-q", "--bare", "-b", "main", origin)
	at(root).run(t, "git", "push", "-q", origin, "HEAD:refs/heads/main")
	at(dir).run(t, "git", "clone", "-q", origin, clone)
	for _, block := range maintainer {
		at(clone, "GIT_AUTHOR_NAME=maintainer", "GIT_AUTHOR_EMAIL=maintainer@example.com", "GIT_COMMITTER_NAME=maintainer",
			"GIT_COMMITTER_EMAIL=maintainer@example.com").run(t, "bash", "-euo", "pipefail", "-c", block)
	}
	unchanged(t, clone)

	outside := released(t, dir, origin)
	for _, block := range user {
		listed := outside.run(t, "bash", "-euo", "pipefail", "-c", block)
		for _, module := range append(tools(t), "etcd") {
			if !strings.Contains("\n"+listed, "\n"+library+"/"+module+"\n") {
				t.Errorf("step 7 does not list %s:\n%s", module, listed)
			}
		}
	}
	t.Run("Program", func(t *testing.T) {
		p := outside.program(t, "program.go", library)
		if got, want := p.run(t, "go", "run", "."), "[http://127.0.0.1:2379] <nil> true\n"; got != want {
			t.Errorf("it printed %q, want %q", got, want)
		}
		others := p.run(t, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
		if got := slices.Compact(slices.Sorted(strings.FieldsSeq(others))); !slices.Equal(got, []string{"example.com/program", library}) {
			t.Errorf("it is built from the modules %q", got)
		}
	})
	t.Run("Test", func(t *testing.T) {
		p := outside.program(t, "program_test.go", library, tests+"/etcdtest")
		p.run(t, "go", "test", "-count=1", ".")
	})
	t.Run("Embedded", func(t *testing.T) {
		p := outside.program(t, "embedded_test.go", tests+"/etcdtest/embedded")
		p.run(t, "go", "test", "-count=1", ".")
		if got := p.run(t, "go", "list", "-m", tests+"/etcdtest"); got != tests+"/etcdtest "+version+"\n" {
			t.Errorf("embedded brings %q", got)
		}
	})
	t.Run("Validator", func(t *testing.T) {
		p := outside.program(t, "validator_test.go", tests+"/validator", tests+"/faultproxy", tests+"/faultproxy/faultlink")
		p.run(t, "go", "test", "-count=1", ".")
		if got := p.run(t, "go", "list", "-m", library); got != library+" "+version+"\n" {
			t.Errorf("the validator brings %q", got)
		}
	})
}

// tools returns the folders of the modules that are released besides the library.
func tools(t *testing.T) []string {
	t.Helper()
	return strings.Fields(at(root).run(t, "make", "-s", "tools"))
}

// commands returns the blocks of docs/releasing.md: what the maintainer runs in the repository, then what anybody runs.
func commands(t *testing.T) (maintainer, user []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "releasing.md"))
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), "\n## After the tags\n")
	maintainer, user = blocks(before), blocks(after)
	if !found || len(maintainer) != 3 || len(user) != 1 {
		t.Fatalf("docs/releasing.md has the commands %q and %q", maintainer, user)
	}
	return maintainer, user
}

// blocks returns the code of list items.
func blocks(text string) []string {
	var all []string
	open := false
	for line := range strings.Lines(text) {
		code, isCode := strings.CutPrefix(line, strings.Repeat(" ", 7))
		switch {
		case isCode && open:
			all[len(all)-1] += code
		case isCode:
			all = append(all, code)
		}
		open = isCode
	}
	return all
}

// unchanged checks that nothing was left to commit, and that the examples need no commit either.
func unchanged(t *testing.T, clone string) {
	t.Helper()
	if left := at(clone).run(t, "git", "status", "--short"); left != "" {
		t.Errorf("the steps leave something to commit:\n%s", left)
	}
	at(filepath.Join(clone, "examples")).run(t, "go", "build", "-o", t.TempDir(), "./...")
}

// released returns a place outside of the repository, where the go command finds the released modules on a proxy. That has
// them from the tags in origin. The place has a module cache of its own, so that no module that is not truly released gets
// into the machine's; the machine's serves as a proxy of all other modules.
func released(t *testing.T, dir, origin string) place {
	t.Helper()
	published, cache := filepath.Join(dir, "published"), filepath.Join(dir, "modules")
	env := strings.Split(strings.TrimSpace(at(root).run(t, "go", "env", "GOMODCACHE", "GOPROXY")), "\n")
	fromTags := at(dir, "GOMODCACHE="+published, "GOPROXY=direct", "GONOSUMDB="+library, "GOFLAGS=-modcacherw",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://"+origin+".insteadOf", "GIT_CONFIG_VALUE_0=https://"+library)
	for _, module := range tools(t) {
		fromTags.run(t, "go", "mod", "download", library+"/"+module+"@"+version)
	}
	fromTags.run(t, "go", "mod", "download", library+"@"+version)
	return at(dir, "GOMODCACHE="+cache, "GONOSUMDB="+library+","+tests, "TMPDIR="+dir,
		"GOFLAGS=-modcacherw -trimpath", // so that a second run finds in the build cache what the first one compiled
		"GOPROXY="+asProxy(published)+","+asProxy(env[0])+","+env[1])
}

// asProxy returns the address of a module cache for GOPROXY.
func asProxy(cache string) string {
	return "file://" + filepath.ToSlash(filepath.Join(cache, "cache", "download"))
}

// place is a folder, with the environment of commands that run there.
type place struct {
	dir string
	env []string
}

func at(dir string, env ...string) place { return place{dir, env} }

// program makes a module with one file of testdata, which gets packages of the released modules.
func (p place) program(t *testing.T, file string, packages ...string) place {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	p.dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(p.dir, file), text, 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, "go", "mod", "init", "example.com/program")
	for _, path := range packages {
		p.run(t, "go", "get", path+"@"+version)
	}
	p.run(t, "go", "mod", "tidy")
	return p
}

// run runs a command and returns what it printed.
func (p place) run(t *testing.T, command ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, append(os.Environ(), p.env...), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, out, stderr.String())
	}
	return string(out)
}
