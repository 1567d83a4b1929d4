package clients_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// A step counts only when its own line says so.
func TestReport(t *testing.T) {
	var all strings.Builder
	for _, step := range steps {
		all.WriteString("ok " + step + "\r\n")
	}
	for _, test := range []struct {
		name, output string
		failed       []string
	}{
		{"all steps", "a warning\n" + all.String(), nil},
		{"one failed", strings.Replace(all.String(), "ok swap", "not ok swap: 105 instead of 101: why", 1), []string{"swap"}},
		{"the last was not reached", strings.TrimSuffix(all.String(), "ok version\r\n"), []string{"version"}},
		{"nothing ran", "", slices.Sorted(slices.Values(steps))},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := readReport("python", "3.5", test.output)
			if failed := slices.Sorted(maps.Keys(report.failed)); !slices.Equal(failed, test.failed) {
				t.Errorf("failed: %q, want %q", failed, test.failed)
			}
			reason, failed := report.failed["swap"]
			if failed && len(test.failed) == 1 && reason != "105 instead of 101: why" {
				t.Errorf("the reason is %q", reason)
			}
		})
	}
}

func TestTable(t *testing.T) {
	table := new(table)
	table.add(row{report: report{language: "rust"}, instead: "not tried: there is no cargo in the path"})
	table.add(row{report: readReport("python", "3.5", "ok key")})
	table.add(row{report: readReport("python", "2.3.8", "ok empty")})
	var rows []string
	for line := range strings.Lines(table.String()) {
		rows = append(rows, strings.Join(strings.Fields(line)[:4], " "))
	}
	want := []string{"language etcd key empty", "python 2.3.8 FAILED ok", "python 3.5 ok FAILED", "rust not tried: there"}
	if !slices.Equal(rows, want) {
		t.Errorf("the rows begin with %q, want %q", rows, want)
	}
}

// The tree that the scenario should leave passes, and any other does not.
func TestTree(t *testing.T) {
	live.Each(t, func(t *testing.T, s live.Server) {
		for key, value := range left {
			if strings.HasPrefix(key, "/queue/") {
				continue
			}
			live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+key, value))
		}
		if checkTree(t.Context(), s.Client, s.Dir) == nil {
			t.Error("a queue that is missing was not noticed")
		}
		for _, value := range []string{"first", "second"} {
			live.Must[*etcd.Response](t)(s.Client.CreateInOrder(t.Context(), s.Dir+"/queue", value))
		}
		if err := checkTree(t.Context(), s.Client, s.Dir); err != nil {
			t.Error(err)
		}
		live.Must[*etcd.Response](t)(s.Client.Set(t.Context(), s.Dir+"/swap", "old"))
		if checkTree(t.Context(), s.Client, s.Dir) == nil {
			t.Error("another value was not noticed")
		}
	})
}

// What the document shows of a language is its example, which make clients runs. The document names the tools that
// package.json pins, and each file that a reader must copy.
func TestDocumentShowsTheExamples(t *testing.T) {
	for _, l := range languages {
		section, err := l.section()
		if err != nil {
			t.Fatal(err)
		}
		if commands, err := l.commands(); err != nil || len(commands) == 0 {
			t.Errorf("%s: %v", l.name, err)
		}
		example, err := os.ReadFile(filepath.Join(l.name, l.example))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(section, "\n"+string(example)+"```\n") {
			t.Errorf("the document does not show %s/%s as it is", l.name, l.example)
		}
		for _, needed := range append(needed[l.name], l.example) {
			if _, err := os.Stat(filepath.Join(l.name, needed)); err != nil || !strings.Contains(section, "`"+needed+"`") {
				t.Errorf("the document does not name %s/%s: %v", l.name, needed, err)
			}
		}
	}
}

// needed are the files beside the example that a client needs.
var needed = map[string][]string{
	"typescript": {"package.json", "tsconfig.json"},
	"python":     {"requirements.txt", "config.yaml"},
	"java":       {"pom.xml"},
	"rust":       {"Cargo.toml", "build.rs", "src/lib.rs"},
}

// The command installs what package.json pins, so that an update of one is one of both.
func TestDocumentInstallsWhatIsPinned(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("typescript", "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ DevDependencies map[string]string }
	if err := json.Unmarshal(text, &pinned); err != nil || len(pinned.DevDependencies) == 0 {
		t.Fatalf("package.json pins %v: %v", pinned, err)
	}
	commands, err := languages[0].commands()
	if err != nil {
		t.Fatal(err)
	}
	for name, version := range pinned.DevDependencies {
		if !slices.Contains(strings.Fields(commands[0]), name+"@"+version) {
			t.Errorf("%q does not install %s@%s", commands[0], name, version)
		}
	}
}
