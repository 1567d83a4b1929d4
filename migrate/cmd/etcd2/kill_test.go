package main

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/internal/seed"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// number returns what a variable of the environment says, or a default.
func number(t *testing.T, variable string, otherwise int) int {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "etcd2")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// runUntil runs the command and kills it, as kill -9 does, if it has not ended after a time.
func runUntil(t *testing.T, after time.Duration, binary string, args ...string) (killed bool, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	begin := time.Now()
	out, err := exec.CommandContext(ctx, binary, args...).CombinedOutput()
	if ctx.Err() == nil && err != nil {
		t.Fatalf("etcd2 %q: %v\n%s", args, err, out)
	}
	return ctx.Err() != nil, time.Since(begin)
}

// Kill -9 at random moments leaves an export that goes on, or a file that says that it is not complete. MIGRATE_KILLS says
// how many kills there are.
func TestKilledExport(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	kills := number(t, "MIGRATE_KILLS", 3)
	binary := build(t)
	_, source := cluster(t, etcdtest.Etcd35)
	plant(t, source, seed.Nodes(3000))
	out := file(t)
	args := hidden("export", "--from", source, "--out", out)
	_, whole := runUntil(t, time.Minute, binary, args...)
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	resumed, finished := 0, 0
	for done := 0; done < kills; {
		killed, _ := runUntil(t, rand.N(whole), binary, args...)
		if killed {
			done++
		}
		switch _, err := os.Stat(out); {
		case err == nil:
			etcd2(t, 0, "verify", out, source)
			if err := os.Remove(out); err != nil {
				t.Fatal(err)
			}
			finished++
		case !errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		case killed:
			if size, recognized := incomplete(t, dump.Partial(out)); !recognized {
				t.Fatalf("a partial file of %d bytes is not recognized as incomplete", size)
			}
			resumed++
		}
	}
	etcd2(t, 0, args...)
	etcd2(t, 0, "verify", out, source)
	t.Logf("%d kills, after %d of which the file was not complete, and said so; %d exports were finished, each equal to the source",
		kills, resumed, finished+1)
}

// incomplete reports whether a file is missing, or not complete except perhaps for its name.
func incomplete(t *testing.T, name string) (int, bool) {
	t.Helper()
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), `{"end":true`) && strings.HasSuffix(string(text), "\n") {
		return len(text), true // killed between the footer and the rename
	}
	reader, err := dump.NewReader(strings.NewReader(string(text)))
	if err == nil {
		for _, err = range reader.Nodes() {
			if err != nil {
				break
			}
		}
	}
	return len(text), errors.Is(err, dump.ErrIncomplete)
}

// wrong finds in verify's summary what an import that was killed must not leave.
var wrong = regexp.MustCompile(`[0-9] (extra|value|type|ttl)`)

// Kill -9 at random moments leaves a target in which nodes are missing and nothing is wrong; the next run adds the rest.
func TestKilledImport(t *testing.T) {
	_, target := cluster(t, etcdtest.Etcd35)
	client := connect(t, target)
	killImports(t, target, func() []string {
		return []string{"--to", target, "--policy", []string{"skip", "overwrite", "compare"}[rand.IntN(3)]}
	}, nil, func() error {
		for _, key := range []string{"/_locks", "/odd", "/odd!", "/tree"} {
			if _, err := client.Delete(t.Context(), key, etcd.WithRecursive()); err != nil && !errors.Is(err, etcd.ErrKeyNotFound) {
				return err
			}
		}
		return nil
	})
}

func TestKilledImportIntoV3(t *testing.T) {
	_, target := cluster(t, etcdtest.Etcd36)
	var access accessV3
	client, err := access.client(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	killImports(t, v3Prefix+target, func() []string { return []string{"--to-v3", target, "--markers"} }, []string{"--markers"}, func() error {
		_, err := client.Delete(t.Context(), "\x00", clientv3.WithFromKey())
		return err
	})
}

// killImports kills imports with some flags, and verifies what they leave in the target, which clear empties.
func killImports(t *testing.T, target string, flags func() []string, verifyFlags []string, clear func() error) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	kills := number(t, "MIGRATE_KILLS", 3)
	binary := build(t)
	_, source := cluster(t, etcdtest.Etcd23)
	plant(t, source, seed.Nodes(1000))
	file := file(t)
	etcd2(t, 0, hidden("export", "--from", source, "--out", file)...)
	args := func() []string { return append([]string{"import", file}, flags()...) }
	verify := append([]string{"verify", "--list", "1", file, target}, verifyFlags...)
	_, whole := runUntil(t, time.Minute, binary, args()...)
	if err := clear(); err != nil {
		t.Fatal(err)
	}
	partial, finished := 0, 0
	for done := 0; done < kills; {
		killed, _ := runUntil(t, rand.N(whole), binary, args()...)
		if !killed {
			etcd2(t, 0, verify...)
			if err := clear(); err != nil {
				t.Fatal(err)
			}
			finished++
			continue
		}
		done++
		var out buffer
		code := run(t.Context(), verify, streams{&out, &out})
		if wrong.MatchString(out.String()) || code > 1 {
			t.Fatalf("after a kill, verify exits with %d\n%s", code, out.String())
		}
		partial += code
	}
	etcd2(t, 0, args()...)
	etcd2(t, 0, verify...)
	t.Logf("%d kills, after %d of which nodes were missing and nothing else; %d imports were finished, each equal to the file",
		kills, partial, finished+1)
}
