package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// trial tries mutants of the library at root.
type trial struct {
	root  string
	limit time.Duration // for the tests of a package
}

// check returns an error unless all mutants fit the code and the tests pass without any.
func (t trial) check(ctx context.Context, mutants []mutant) error {
	var wrong []error
	packages := map[string]bool{}
	for _, m := range mutants {
		_, err := t.mutated(m)
		wrong = append(wrong, err)
		for _, name := range m.packages() {
			packages[name] = true
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("the list does not fit the code:\n%w", err)
	}
	return inTemp(func(dir string) error {
		for name := range packages {
			if failed, err := t.test(ctx, dir, name, "", ""); failed != "" || err != nil {
				return fmt.Errorf("the tests of %s fail without any mutant: %s: %w", name, failed, err)
			}
		}
		return nil
	})
}

// mutated returns the text of the file as m changes it.
func (t trial) mutated(m mutant) (string, error) {
	source, err := os.ReadFile(filepath.Join(t.root, m.file))
	if err != nil {
		return "", err
	}
	return m.apply(string(source))
}

// try returns the test that fails with m, or nothing if none does. It returns an error if m does not compile.
func (t trial) try(ctx context.Context, m mutant) (killer string, err error) {
	err = inTemp(func(dir string) error {
		overlay, err := t.overlay(dir, m)
		if err != nil {
			return err
		}
		for _, name := range m.packages() {
			killer, err = t.test(ctx, dir, name, overlay, t.near(m))
			if killer != "" || err != nil {
				return err
			}
		}
		return nil
	})
	return killer, err
}

// overlay writes an overlay into dir that has the file as m changes it, and returns its name.
func (t trial) overlay(dir string, m mutant) (string, error) {
	text, err := t.mutated(m)
	if err != nil {
		return "", err
	}
	file, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	listed, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(t.root, m.file): file}})
	return overlay, cmp.Or(err, os.WriteFile(file, []byte(text), 0o600), os.WriteFile(overlay, listed, 0o600))
}

// inTemp calls f with a temporary directory.
func inTemp(f func(dir string) error) error {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	return errors.Join(f(dir), os.RemoveAll(dir))
}

// test builds the tests of a package in dir and runs them, first those that match near. It returns what failed,
// or nothing if all passed.
func (t trial) test(ctx context.Context, dir, name, overlay, near string) (failed string, err error) {
	tests, err := build(ctx, dir, filepath.Join(t.root, name), overlay)
	if err != nil {
		return "", err
	}
	for _, pattern := range []string{near, "."} {
		if pattern == "" {
			continue
		}
		run := exec.CommandContext(ctx, tests, "-test.failfast", "-test.timeout="+t.limit.String(), "-test.run="+pattern)
		run.Dir = filepath.Join(t.root, name)
		out, err := run.CombinedOutput()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return whatFailed(out), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

// build builds the tests of a package in dir, with an overlay if there is one, and returns the program.
func build(ctx context.Context, dir, source, overlay string) (string, error) {
	tests := filepath.Join(dir, "tests")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay="+overlay, "-o", tests, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not compile: %w\n%s", err, out)
	}
	return tests, nil
}

var declaredTest = regexp.MustCompile(`(?m)^func ((Test|Fuzz)\w+)\(`)

// near returns a pattern of the tests that are most likely to fail with m, or nothing: those in the files whose
// names begin with the same word.
func (t trial) near(m mutant) string {
	word, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(m.file), ".go"), "_")
	files, _ := filepath.Glob(filepath.Join(t.root, filepath.Dir(m.file), word+"*_test.go")) // the pattern is good
	var names []string
	for _, file := range files {
		source, _ := os.ReadFile(file) // what cannot be read is not near
		for _, found := range declaredTest.FindAllSubmatch(source, -1) {
			names = append(names, string(found[1]))
		}
	}
	if names == nil {
		return ""
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

var (
	failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	tookLong   = regexp.MustCompile(`(?m)^panic: test timed out`)
	leftBehind = regexp.MustCompile(`(?m)^\d+ goroutines left`)
)

// whatFailed returns the first test that failed according to the output, or what else did.
func whatFailed(out []byte) string {
	switch found := failedTest.FindSubmatch(out); {
	case found != nil:
		return string(found[1])
	case tookLong.Match(out):
		return "the time limit"
	case leftBehind.Match(out):
		return "goroutines that are left"
	}
	return "a crash"
}
