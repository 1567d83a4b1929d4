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
	// Etcd36 has no v2 API: programs that leave v2 move to it.
	Etcd36 Version = "3.6.16"
)

// Each program is pinned by the go.mod and go.sum of a module that requires nothing
// else, kept as builds/etcd-VERSION.mod and .sum: as modules in directories of their
// own, they would not be in this module's zip when others import this package. Etcd 2 has
// its dependencies with it; 3.3 names no module versions, so its file names tagged ones.
//
//go:embed builds
var builds embed.FS

// A recipe is what to build, and with which Go toolchain: "" is the one at hand, or a newer one if etcd needs that.
type recipe struct {
	name           string // of the program
	version        Version
	asked          string // the argument with which the program tells its version
	pkg, toolchain string
}

var recipes = map[Version]recipe{
	Etcd20: {"etcd", Etcd20, "--version", "github.com/coreos/etcd", "go1.21.13"},
	Etcd23: {"etcd", Etcd23, "--version", "github.com/coreos/etcd", "go1.21.13"}, // built with a newer one, it panics
	Etcd33: {"etcd", Etcd33, "--version", "github.com/coreos/etcd", "go1.21.13"},
	Etcd35: {"etcd", Etcd35, "--version", "go.etcd.io/etcd/server/v3", ""},
	Etcd36: {"etcd", Etcd36, "--version", "go.etcd.io/etcd/server/v3", ""},
}

// etcdutl35 looks into data directories. Its check v2store also reads the log since 3.5.32.
var etcdutl35 = recipe{"etcdutl", Etcd35, "version", "go.etcd.io/etcd/etcdutl/v3", ""}

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

// BuildEtcdutl returns the path of an etcdutl binary of the version [Etcd35], which looks into the
// data directories of stopped members, see [Member.DataDir]. It builds the binary as [Build] does, unless
// ETCDTEST_ETCDUTL_3_5_35 names one.
func BuildEtcdutl(tb testing.TB) string {
	tb.Helper()
	binary, err := etcdutl35.build(tb.Context(), tb.Logf)
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

// build returns the path of the etcd binary, which it builds if it is not there.
func build(ctx context.Context, v Version, logf func(format string, args ...any)) (string, error) {
	r, ok := recipes[v]
	if !ok {
		return "", fmt.Errorf("etcdtest: build etcd %q: not one of the versions this package knows", v)
	}
	return r.build(ctx, logf)
}

// build returns the path of the binary, which it builds if it is not there.
func (r recipe) build(ctx context.Context, logf func(format string, args ...any)) (string, error) {
	building.Lock()
	defer building.Unlock()
	if named := os.Getenv(r.variable()); named != "" {
		if err := r.verify(ctx, named); err != nil {
			return "", fmt.Errorf("etcdtest: the binary that %s names: %w", r.variable(), err)
		}
		return named, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, buildLimit, fmt.Errorf("no binary within %v", buildLimit))
	defer cancel()
	binary, err := r.cached(ctx, logf)
	if err != nil {
		return "", fmt.Errorf("etcdtest: build %s %s: %w\n%s can name a binary that is ready", r.name, r.version, err, r.variable())
	}
	return binary, nil
}

// variable names the environment variable for a binary of the version.
func (r recipe) variable() string {
	return "ETCDTEST_" + strings.ToUpper(r.name) + "_" + strings.ReplaceAll(string(r.version), ".", "_")
}

// cached returns the binary in the first cache that has it. If none has, it builds the binary in the first one that can
// be written to.
func (r recipe) cached(ctx context.Context, logf func(format string, args ...any)) (string, error) {
	name := r.fileName()
	dirs, errs := caches(), []error(nil)
	for _, dir := range dirs {
		binary := filepath.Join(dir.path, name)
		if dir.check() == nil && r.verify(ctx, binary) == nil {
			return binary, nil
		}
	}
	for _, dir := range dirs {
		binary := filepath.Join(dir.path, name)
		err := dir.prepare()
		if err == nil {
			err = r.buildAt(ctx, binary, logf)
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

func (r recipe) fileName() string {
	toolchain := r.toolchain
	if toolchain == "" {
		toolchain = strings.Fields(runtime.Version())[0]
	}
	name := strings.Join([]string{r.name, string(r.version), toolchain, runtime.GOOS, runtime.GOARCH}, "-")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

// verify returns an error unless the binary is of that version: the file may be empty, or cut short.
func (r recipe) verify(ctx context.Context, binary string) error {
	is, err := binaryVersion(ctx, binary, r.asked)
	if err == nil && is.full != string(r.version) {
		err = fmt.Errorf("%s is %s %s, not %s", binary, r.name, is.full, r.version)
	}
	return err
}

// buildAt builds in a directory beside the binary's place, so that the binary appears
// there whole or not at all.
func (r recipe) buildAt(ctx context.Context, binary string, logf func(format string, args ...any)) error {
	lock, err := waitLock(ctx, binary+".lock")
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	defer lock.Close()
	if r.verify(ctx, binary) == nil {
		return nil // another process built it meanwhile
	}
	dir, err := newWorkDir(filepath.Dir(binary))
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCache, err)
	}
	defer func() { _ = dir.remove() }() // if it stays, the next build removes it
	logf("etcdtest: building %s %s, once on this machine", r.name, r.version)
	if err := r.writeModule(dir.path); err != nil {
		return err
	}
	built := filepath.Join(dir.path, r.name)
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	if err := goBuild(ctx, dir.path, built, r); err != nil {
		return err
	}
	if err := r.verify(ctx, built); err != nil {
		return err
	}
	return os.Rename(built, binary)
}

// writeModule writes the go.mod and go.sum that pin the version.
func (r recipe) writeModule(dir string) error {
	for _, ext := range []string{".mod", ".sum"} {
		text, err := builds.ReadFile("builds/" + r.name + "-" + string(r.version) + ext)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "go"+ext), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
