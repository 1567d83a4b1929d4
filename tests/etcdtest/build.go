package etcdtest

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A Version is one of the etcd versions that [Build] can build.
type Version string

const (
	// Etcd20 is an early etcd 2, before authentication, padded in-order names and the refresh parameter.
	Etcd20 Version = "2.0.5"
	// Etcd23 is the last etcd 2: the reference for the v2 API.
	Etcd23 Version = "2.3.8"
	// Etcd33 is the last release of the last minor version that has the v2 API switched on as it comes.
	Etcd33 Version = "3.3.27"
	// Etcd35 is the last minor version with the v2 API, the same that embedded members
	// run.
	Etcd35 Version = "3.5.35"
)

// Each version is pinned by the go.mod and go.sum of a module that requires nothing
// else, kept as builds/etcd-VERSION.mod and .sum: as modules in directories of their
// own, they would not be in this module's zip when others import this package. Etcd 2 has
// its dependencies with it; 3.3 names no module versions, so its file names tagged ones.
//
//go:embed builds
var builds embed.FS

// A recipe is what to build, and with which Go toolchain: "" is the one at hand.
type recipe struct{ program, toolchain string }

var recipes = map[Version]recipe{
	Etcd20: {"github.com/coreos/etcd", "go1.21.13"},
	Etcd23: {"github.com/coreos/etcd", "go1.21.13"}, // built with a newer one, it panics
	Etcd33: {"github.com/coreos/etcd", "go1.21.13"},
	Etcd35: {"go.etcd.io/etcd/server/v3", ""},
}

// building makes the tests of one process build one after the other. Different
// processes may build the same at once; the last one to finish wins.
var building sync.Mutex

// Build returns the path of an etcd binary of that version, for [WithBinary]. The first
// call on a machine builds it from its Go module, which takes from half a minute to a
// few minutes; it is then kept in the user's cache directory, or, for a user who has
// none, in a private directory among the temporary files. The go command must be in the
// path. Build fails the test if it cannot.
func Build(tb testing.TB, v Version) string {
	tb.Helper()
	binary, err := build(v, tb.Logf)
	if err != nil {
		tb.Fatalf("etcdtest: build etcd %s: %v", v, err)
	}
	return binary
}

// build returns the path of the binary, which it builds if it is not there.
func build(v Version, logf func(format string, args ...any)) (string, error) {
	building.Lock()
	defer building.Unlock()
	recipe, ok := recipes[v]
	if !ok {
		return "", errors.New("not one of the versions this package knows")
	}
	binary, err := cached(v, recipe)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	logf("etcdtest: building etcd %s, once on this machine", v)
	return binary, recipe.build(v, binary)
}

// cached is where the binary is kept.
func cached(v Version, r recipe) (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	toolchain := r.toolchain
	if toolchain == "" {
		toolchain = strings.Fields(runtime.Version())[0]
	}
	name := strings.Join([]string{"etcd", string(v), toolchain, runtime.GOOS, runtime.GOARCH}, "-")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name), nil
}

// build builds in a directory beside the binary's place, so that the binary appears
// there whole or not at all.
func (r recipe) build(v Version, binary string) error {
	dir, err := os.MkdirTemp(filepath.Dir(binary), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writeModule(v, dir); err != nil {
		return err
	}
	built := filepath.Join(dir, "etcd")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", built, r.program)
	cmd.Dir = dir
	// Nothing that the caller set for its own builds may change this one.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=on", "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	if r.toolchain != "" {
		cmd.Env = append(cmd.Env, "GOTOOLCHAIN="+r.toolchain)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return os.Rename(built, binary)
}

// writeModule writes the go.mod and go.sum that pin the version.
func writeModule(v Version, dir string) error {
	for _, ext := range []string{".mod", ".sum"} {
		text, err := builds.ReadFile("builds/etcd-" + string(v) + ext)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "go"+ext), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
