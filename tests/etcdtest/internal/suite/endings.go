//go:build unix

package suite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

const (
	endingEnv = "ETCDTEST_ENDING"
	frozenEnv = "ETCDTEST_FROZEN"
)

// endings are the ways in which a test process ends: what it does itself, and what is done to it.
var endings = map[string]struct {
	itself func(t *testing.T)
	signal syscall.Signal
}{
	"interrupt":  {signal: syscall.SIGINT},
	"terminate":  {signal: syscall.SIGTERM},
	"hang-up":    {signal: syscall.SIGHUP},
	"quit":       {signal: syscall.SIGQUIT},
	"kill":       {signal: syscall.SIGKILL},
	"pass":       {itself: func(*testing.T) {}},
	"fail":       {itself: func(t *testing.T) { t.Fatal("a failure that is to be") }},
	"time-out":   {}, // by -test.timeout
	"exit":       {itself: func(*testing.T) { os.Exit(3) }},
	"panic":      {itself: func(*testing.T) { panic("a panic that is to be") }},
	"else panic": {itself: func(*testing.T) { go panic("a panic that is to be"); select {} }},
}

// Ending is a test that ends as the environment says. It prints the member's URL before. A package that calls Endings
// has to have a test of the name TestEnding that calls it.
func Ending(t *testing.T, kind etcdtest.Option) {
	name := os.Getenv(endingEnv)
	if name == "" {
		t.Skip("only a child of TestEndings ends so")
	}
	etcdtest.NewCA(t) // which has files, too
	cluster := etcdtest.Start(t, kind)
	member := cluster.Members()[0]
	if os.Getenv(frozenEnv) != "" {
		if err := member.Freeze(); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println(member.URL())
	if end := endings[name].itself; end != nil {
		end(t)
		return
	}
	select {}
}

// Endings ends this test binary in every way while a cluster runs, and checks that no server is left, and no file when
// the next run has ended.
func Endings(t *testing.T, frozen bool) {
	for name, ending := range endings {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			url := end(t, temp, name, frozen, ending.signal)
			Eventually(t, func() error {
				_, err := Get(t.Context(), NewClient(t), url, "/")
				if errors.Is(err, syscall.ECONNREFUSED) {
					return nil
				}
				return fmt.Errorf("etcd at %s is left: %w", url, err)
			})
			left, err := os.ReadDir(temp)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d files are left until the next run", len(left))
			end(t, temp, "pass", false, 0)
			if left, err = os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("left after the next run: %v, %v", left, err)
			}
		})
	}
}

// end runs the test Ending in a process of its own, whose temporary files are in temp, and returns the member's URL
// when the process has ended.
func end(t *testing.T, temp, name string, frozen bool, by syscall.Signal) string {
	t.Helper()
	args := []string{"-test.run=^TestEnding$"}
	if name == "time-out" {
		args = append(args, "-test.timeout=3s")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), endingEnv+"="+name, "TMPDIR="+temp)
	if frozen {
		cmd.Env = append(cmd.Env, frozenEnv+"=1")
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if signal.Ignored(syscall.SIGHUP) { // by nohup, and the child would ignore it, too
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url != "" || !strings.HasPrefix(lines.Text(), "http://") {
			continue
		}
		url = lines.Text()
		if by != 0 {
			if err := cmd.Process.Signal(by); err != nil {
				t.Error(err)
			}
		}
	}
	err = cmd.Wait()
	if ctx.Err() != nil || url == "" {
		t.Fatalf("the process with a cluster at %q ended only by %v: %v", url, context.Cause(ctx), err)
	}
	return url
}
