//go:build unix

package etcdtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fake writes a program that says it is that version of etcd.
func fake(t *testing.T, path string, v Version) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho etcd Version: "+string(v)+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// homed gives this process an empty home directory, and returns where a binary is kept then.
func homed(t *testing.T, v Version) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv("TMPDIR", t.TempDir())
	return filepath.Join(caches()[0].path, recipes[v].fileName())
}

// noGo makes a build fail, so that a test sees when one would be made.
func noGo(t *testing.T) { t.Setenv("PATH", t.TempDir()+":/bin:/usr/bin") }

func TestVariableNamesABinary(t *testing.T) {
	homed(t, Etcd23)
	binary := fake(t, filepath.Join(t.TempDir(), "etcd"), Etcd23)
	t.Setenv("ETCDTEST_ETCD_2_3_8", binary)
	if got, err := build(t.Context(), Etcd23, t.Logf); got != binary || err != nil {
		t.Errorf("Build returns %s, %v", got, err)
	}
	t.Setenv("ETCDTEST_ETCD_2_0_5", binary)
	if got, err := build(t.Context(), Etcd20, t.Logf); err == nil || !strings.Contains(err.Error(), "is etcd 2.3.8, not 2.0.5") {
		t.Errorf("a binary of another version: %s, %v", got, err)
	}
	t.Setenv("ETCDTEST_ETCD_3_3_27", filepath.Join(t.TempDir(), "none"))
	if got, err := build(t.Context(), Etcd33, t.Logf); err == nil || !strings.Contains(err.Error(), "ETCDTEST_ETCD_3_3_27") {
		t.Errorf("a binary that is not there: %s, %v", got, err)
	}
}

// A cached file that does not say it is that version of etcd is not used.
func TestCachedBinaryIsVerified(t *testing.T) {
	noGo(t)
	for name, test := range map[string]struct {
		put func(t *testing.T, path string)
		ok  bool
	}{
		"whole":           {func(t *testing.T, path string) { fake(t, path, Etcd23) }, true},
		"another version": {func(t *testing.T, path string) { fake(t, path, Etcd20) }, false},
		"empty": {func(t *testing.T, path string) {
			fake(t, path, Etcd23)
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}, false},
		"of anybody": {func(t *testing.T, path string) {
			fake(t, path, Etcd23)
			if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := homed(t, Etcd23)
			test.put(t, path)
			got, err := build(t.Context(), Etcd23, t.Logf)
			if test.ok && (got != path || err != nil) {
				t.Errorf("Build returns %s, %v", got, err)
			}
			if !test.ok && (err == nil || !strings.Contains(err.Error(), "ETCDTEST_ETCD_2_3_8")) {
				t.Errorf("Build returns %s, %v", got, err)
			}
		})
	}
}

// A home directory that cannot be written to is not the end: the temporary files have a place, too.
func TestBinaryIsFoundInEachCache(t *testing.T) {
	noGo(t)
	homed(t, Etcd23)
	t.Setenv("XDG_CACHE_HOME", "/proc/none")
	all := caches()
	if err := all[0].prepare(); err == nil {
		t.Skipf("%s can be written to", all[0].path)
	}
	last := all[len(all)-1]
	if err := last.prepare(); err != nil {
		t.Fatal(err)
	}
	path := fake(t, filepath.Join(last.path, recipes[Etcd23].fileName()), Etcd23)
	if got, err := build(t.Context(), Etcd23, t.Logf); got != path || err != nil {
		t.Errorf("Build returns %s, %v, want %s", got, err, path)
	}
}

// What users set for builds of their own does not change this one, and where their modules are does.
func TestBuildIgnoresSettingsOfTheUser(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(settings, []byte("GOFLAGS=-mod=vendor\nGOOS=plan9\nGONOSUMDB=example.com/of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", settings)
	t.Setenv("GOEXPERIMENT", "fieldtrack")
	t.Setenv("GOARCH", "mips")
	t.Setenv("GONOPROXY", "example.com/of-the-environment")
	env, err := buildEnv(t.Context(), t.TempDir(), recipe{})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "env", "GOFLAGS", "GOEXPERIMENT", "GONOSUMDB", "GONOPROXY")
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if want := "\n\nexample.com/of-the-file\nexample.com/of-the-environment\n"; err != nil || string(out) != want {
		t.Errorf("the build has %q, want %q, %v", out, want, err)
	}
	for _, kv := range env {
		if strings.HasPrefix(kv, "GOARCH=") || strings.HasPrefix(kv, "GOOS=") {
			t.Errorf("the build has %s", kv)
		}
	}
}
