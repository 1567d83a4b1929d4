package etcdtest

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
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

// A recipe is what to build, and with which Go toolchain: "" is the one at hand, or a newer one if etcd needs that.
type recipe struct{ program, toolchain string }

var recipes = map[Version]recipe{
	Etcd20: {"github.com/coreos/etcd", "go1.21.13"},
	Etcd23: {"github.com/coreos/etcd", "go1.21.13"}, // built with a newer one, it panics
	Etcd33: {"github.com/coreos/etcd", "go1.21.13"},
	Etcd35: {"go.etcd.io/etcd/server/v3", ""},
}

// Build returns the path of an etcd binary of that version, for [WithBinary]. If a variable
// such as ETCDTEST_ETCD_2_3_8 or ETCDTEST_ETCD_3_5_35 names a binary, Build checks its version and returns it.
// Otherwise the first call on a machine builds etcd from its Go module, which takes from half
// a minute to a few minutes; the binary is then kept in the user's cache directory, or, if
// that cannot be had, in a private directory among the temporary files. The go command must be
// in the path. Build fails the test if it cannot.
func Build(tb testing.TB, v Version) string {
	tb.Helper()
	binary, err := build(tb.Context(), v, tb.Logf)
	if err != nil {
		tb.Fatal(err)
	}
	return binary
}

// buildLimit bounds a build, and the wait for that of another process. It may have to fetch some hundred modules on a
// slow line.
const buildLimit = 20 * time.Minute

// building makes one process build one after the other; a lock on the cache does so for all processes.
var building sync.Mutex

// build returns the path of the binary, which it builds if it is not there.
func build(ctx context.Context, v Version, logf func(format string, args ...any)) (string, error) {
	building.Lock()
	defer building.Unlock()
	recipe, ok := recipes[v]
	if !ok {
		return "", fmt.Errorf("etcdtest: build etcd %q: not one of the versions this package knows", v)
	}
	if named := os.Getenv(variable(v)); named != "" {
		if err := verify(ctx, named, v); err != nil {
			return "", fmt.Errorf("etcdtest: the binary that %s names: %w", variable(v), err)
		}
		return named, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, buildLimit, fmt.Errorf("no binary within %v", buildLimit))
	defer cancel()
	binary, err := cached(ctx, v, recipe, logf)
	if err != nil {
		return "", fmt.Errorf("etcdtest: build etcd %s: %w\n%s can name a binary that is ready", v, err, variable(v))
	}
	return binary, nil
}

// variable names the environment variable for a binary of the version.
func variable(v Version) string { return "ETCDTEST_ETCD_" + strings.ReplaceAll(string(v), ".", "_") }

// cached returns the binary in the first cache that has it. If none has, it builds the binary in the first one that can
// be written to.
func cached(ctx context.Context, v Version, r recipe, logf func(format string, args ...any)) (string, error) {
	name := fileName(v, r)
	dirs, errs := caches(), []error(nil)
	for _, dir := range dirs {
		binary := filepath.Join(dir.path, name)
		if dir.check() == nil && verify(ctx, binary, v) == nil {
			return binary, nil
		}
	}
	for _, dir := range dirs {
		binary := filepath.Join(dir.path, name)
		err := dir.prepare()
		if err == nil {
			err = r.buildAt(ctx, v, binary, logf)
		}
		if err == nil {
			return binary, nil
		}
		errs = append(errs, err)
		if !errors.Is(err, errNoCache) {
			break // it would fail in the next one, too
		}
	}
	return "", errors.Join(errs...)
}

func fileName(v Version, r recipe) string {
	toolchain := r.toolchain
	if toolchain == "" {
		toolchain = strings.Fields(runtime.Version())[0]
	}
	name := strings.Join([]string{"etcd", string(v), toolchain, runtime.GOOS, runtime.GOARCH}, "-")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// verify returns an error unless the binary is of that version: the file may be empty, or cut short.
func verify(ctx context.Context, binary string, v Version) error {
	is, err := binaryVersion(ctx, binary)
	if err == nil && is.full != string(v) {
		err = fmt.Errorf("%s is etcd %s, not %s", binary, is.full, v)
	}
	return err
}

// buildAt builds in a directory beside the binary's place, so that the binary appears
// there whole or not at all.
func (r recipe) buildAt(ctx context.Context, v Version, binary string, logf func(format string, args ...any)) error {
	lock, err := waitLock(ctx, binary+".lock")
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	defer lock.Close()
	if verify(ctx, binary, v) == nil {
		return nil // another process built it meanwhile
	}
	dir, err := newWorkDir(filepath.Dir(binary))
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	defer func() { _ = dir.remove() }() // if it stays, the next build removes it
	logf("etcdtest: building etcd %s, once on this machine", v)
	if err := writeModule(v, dir.path); err != nil {
		return err
	}
	built := filepath.Join(dir.path, "etcd")
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	if err := goBuild(ctx, dir.path, built, r); err != nil {
		return err
	}
	if err := verify(ctx, built, v); err != nil {
		return err
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
