// Package consumer checks what a program that imports the library takes on with it.
package consumer

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// library is the root of the library's module, seen from this package.
const library = "../../.."

// What a user must not inherit from the library: the tools, the servers and the frameworks around it.
var unwanted = []string{
	"kin-openapi", "oapi-codegen/oapi-codegen", "go.etcd.io", "coreos/etcd", "gin-gonic", "labstack/echo", "kataras/iris",
}

func TestLibraryDependsOnLittle(t *testing.T) {
	deps := strings.Fields(run(t, library, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./..."))
	for _, dep := range deps {
		for _, name := range unwanted {
			if strings.Contains(dep, name) {
				t.Errorf("the library depends on %s", dep)
			}
		}
	}
	t.Logf("packages beside the standard library:\n%s", strings.Join(deps, "\n"))
}

// A module of somebody else's builds with the library, and needs no other for that.
func TestAnotherModuleBuilds(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs(library)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module example.com/user\n\ngo 1.25.0\n")
	write(t, dir, "main.go", `package main

import (
	"fmt"

	"github.com/etcdv2/client/etcd"
)

func main() {
	client, err := etcd.New(etcd.Config{Endpoints: []string{"http://127.0.0.1:2379"}})
	fmt.Println(client.Endpoints(), err)
}
`)
	run(t, dir, "go", "mod", "edit", "-require=github.com/etcdv2/client@v0.0.0", "-replace=github.com/etcdv2/client="+root)
	run(t, dir, "go", "mod", "tidy")
	if got := run(t, dir, "go", "run", "."); !strings.Contains(got, "[http://127.0.0.1:2379] <nil>") {
		t.Errorf("it printed %q", got)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if len(sums) > 0 {
		t.Errorf("it needs other modules than the library:\n%s", sums)
	}
}

// A program that moves to etcd's v3 client tests both on one cluster. Etcdtest must not bring packages of another etcd.
func TestEtcdtestBesideTheV3Client(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs(library)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module example.com/user\n\ngo 1.26.0\n")
	write(t, dir, "user_test.go", `package user

import (
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

func TestBoth(t *testing.T) {
	cluster := etcdtest.Start(t)
	v2, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints()})
	if err != nil {
		t.Fatal(err)
	}
	defer v2.Close()
	if _, err := v2.Set(t.Context(), "/a", "1"); err != nil {
		t.Fatal(err)
	}
	v3, err := clientv3.New(clientv3.Config{Endpoints: cluster.Endpoints()})
	if err != nil {
		t.Fatal(err)
	}
	defer v3.Close()
	if _, err := v3.Put(t.Context(), "a", "1"); err != nil {
		t.Fatal(err)
	}
}
`)
	const own = "github.com/etcdv2/client"
	for path, folder := range map[string]string{own: "", own + "/tests/etcdtest": "/tests/etcdtest"} {
		run(t, dir, "go", "mod", "edit", "-require="+path+"@v0.0.0", "-replace="+path+"="+root+folder)
	}
	run(t, dir, "go", "get", "go.etcd.io/etcd/client/v3@v3.6.16")
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "test", "-count=1", ".")
	for module := range strings.FieldsSeq(run(t, dir, "go", "list", "-test", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")) {
		if strings.Contains(module, "etcd/server") || strings.Contains(module, "etcd/raft") {
			t.Errorf("its test is built from %s", module)
		}
	}
}

// Etcdtest needs the standard library only.
func TestEtcdtestRequiresNothing(t *testing.T) {
	if got := run(t, filepath.Join(library, "tests", "etcdtest"), "go", "list", "-m", "all"); got != "github.com/etcdv2/client/tests/etcdtest\n" {
		t.Errorf("etcdtest requires modules:\n%s", got)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command and returns what it printed.
func run(t *testing.T, dir string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, stderr.Bytes())
	}
	return stdout.String()
}
