package documents_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// packages are those that code in documents may use, by the names that they have there.
var packages = map[string]string{
	"api": "github.com/etcdv2/client/api", "election": "github.com/etcdv2/client/election",
	"etcd": "github.com/etcdv2/client/etcd", "locking": "github.com/etcdv2/client/locking",
	"validator": "github.com/etcdv2/client/tests/validator", "etcdtest": "github.com/etcdv2/client/tests/etcdtest",
	"embedded":   "github.com/etcdv2/client/tests/etcdtest/embedded",
	"faultproxy": "github.com/etcdv2/client/tests/faultproxy", "faultlink": "github.com/etcdv2/client/tests/faultproxy/faultlink",
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "iter": "iter", "json": "encoding/json", "log": "log",
	"slog": "log/slog", "strconv": "strconv", "strings": "strings", "testing": "testing", "time": "time", "tls": "crypto/tls",
}

// given is what code in documents uses and does not declare.
const given = `
var (
	ctx     context.Context
	client  *etcd.Client
	err     error
	Config  etcd.Config
	resp    *etcd.Response
	stored  etcd.Response
	node, job *etcd.Node
	mutex   *locking.Mutex
	lock    *locking.Lock
	e       *election.Election
	term    *election.Term
	role    etcd.Role
	refused *etcd.Error
	failed  *etcd.ClusterError
	httpClient *http.Client
	logger  *slog.Logger
	contender   locking.Contender
	permissions etcd.Permissions

	k, d, v, p, u, r, old, id, ca, c, peerURL string
	key, dir, value, name, password, uniqueName string
	endpoints, roles, prefixes []string
	i, index uint64
	t, ttl time.Duration
	fresh, deep bool

	errTaken error

	change func(string) (string, error)
	reload func(iter.Seq[*etcd.Node])
	write  func(context.Context, uint64) error
	lead   func(context.Context, uint64) error
	work   func(context.Context, *locking.Lock) error
	asLeader func(context.Context, *election.Term) error
	use    func(*etcd.Response, error)
	follow func(election.Leader, error)
)
`

// A checker checks the types of code.
type checker struct {
	files    *token.FileSet
	importer types.Importer
}

// newChecker returns a checker that all tests share: compiling what it imports takes the time.
func newChecker(t *testing.T) *checker {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var shared = sync.OnceValues(func() (*checker, error) {
	args := []string{"list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}"}
	cmd := exec.Command("go", append(args, slices.Sorted(maps.Values(packages))...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	compiled := map[string]string{}
	for _, line := range strings.Fields(string(out)) {
		name, file, _ := strings.Cut(line, "=")
		compiled[name] = file
	}
	files := token.NewFileSet()
	return &checker{files, importer.ForCompiler(files, "gc", func(name string) (io.ReadCloser, error) {
		return os.Open(compiled[name])
	})}, nil
})

// unused is what a part of a program may leave: the rest of it is not in the document.
var unused = regexp.MustCompile(`(declared|imported) and not used`)

// program checks a file that is whole.
func (c *checker) program(text string) error { return c.file(text, func(error) bool { return false }) }

// file checks a file and returns what is wrong and not allowed.
func (c *checker) file(text string, allowed func(error) bool) error {
	file, err := parser.ParseFile(c.files, "document.go", text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	var wrong []error
	config := types.Config{Importer: c.importer, Error: func(err error) {
		if !allowed(err) {
			wrong = append(wrong, err)
		}
	}}
	_, _ = config.Check(file.Name.Name, c.files, []*ast.File{file}, nil)
	return errors.Join(wrong...)
}

// body checks statements.
func (c *checker) body(text string) error {
	var file strings.Builder
	file.WriteString("package document\nimport (\n")
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		fmt.Fprintf(&file, "%s %q\n", name, packages[name])
	}
	fmt.Fprintf(&file, ")\n%sfunc _() error {\n%s\nreturn nil\n}\n", given, text)
	return c.file(file.String(), func(err error) bool { return unused.MatchString(err.Error()) })
}

// inline checks what stands in a line of text: a statement, an expression or a type.
func (c *checker) inline(code string) error {
	err := c.body(code)
	for _, form := range []string{"_ = ", "var _ "} {
		if err == nil || c.body(form+code) == nil {
			return nil
		}
	}
	return err
}

// Every Go block of the documents compiles, as a program or as a part of one.
func TestGoBlocksCompile(t *testing.T) {
	c := newChecker(t)
	blocks := 0
	for _, d := range documents(t) {
		for _, b := range d.blocks {
			if b.language != "go" {
				continue
			}
			blocks++
			check := c.body
			if strings.HasPrefix(b.text, "package ") {
				check = c.program
			}
			if err := check(b.text); err != nil {
				t.Errorf("%s:%d: %v\n%s", d.name, b.line, err, b.text)
			}
		}
	}
	if blocks == 0 {
		t.Error("there is no Go in the documents")
	}
}

// What the tables for newcomers have under "here" compiles, and so does all else there that names a package of the
// library.
func TestTablesCompile(t *testing.T) {
	c := newChecker(t)
	for _, d := range documents(t) {
		if !strings.HasPrefix(d.name, "docs/from-") {
			continue
		}
		here, checked := 0, 0
		for _, p := range d.prose {
			cells := p.cells()
			if i := slices.IndexFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "here" }); i > 0 {
				here = i
			}
			for i, cell := range cells {
				for _, code := range spans(cell) {
					if i > 0 && ours.MatchString(code) || i == here && strings.ContainsAny(code, ".(") {
						checked++
						if err := c.inline(code); err != nil {
							t.Errorf("%s:%d: `%s`: %v", d.name, p.line, code, err)
						}
					}
				}
			}
		}
		if checked < 50 {
			t.Errorf("only %d pieces of code were found in %s", checked, d.name)
		}
	}
}

var (
	ours = regexp.MustCompile(`\b(etcd|locking|election)\.[A-Z]`)
	name = regexp.MustCompile(`\b(?:(etcd|locking|election)\.)?([A-Z]\w*)\b`)
	bare = regexp.MustCompile(`^(Err|With)[A-Z]\w*$`)
)

// Names of the library that the text uses are in the library.
func TestNamesExist(t *testing.T) {
	c := newChecker(t)
	scopes := map[string]*types.Scope{}
	for _, library := range []string{"etcd", "locking", "election"} {
		found, err := c.importer.Import(packages[library])
		if err != nil {
			t.Fatal(err)
		}
		scopes[library] = found.Scope()
	}
	exists := func(library, name string) bool {
		if library != "" {
			return scopes[library].Lookup(name) != nil
		}
		for _, scope := range scopes {
			if scope.Lookup(name) != nil {
				return true
			}
		}
		return false
	}
	for _, d := range documents(t) {
		for _, p := range d.prose {
			text := p.text
			if cells := p.cells(); cells != nil && strings.HasPrefix(d.name, "docs/from-") {
				text = strings.Join(cells[1:], "| ") // the first is another library's
			}
			for _, code := range spans(text) {
				for _, match := range name.FindAllStringSubmatch(code, -1) {
					if (match[1] != "" || bare.MatchString(code)) && !exists(match[1], match[2]) {
						t.Errorf("%s:%d: the library has no %s", d.name, p.line, match[0])
					}
				}
			}
		}
	}
}
