//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(tests{m}) }

// tests are this package's tests, with the programs built.
type tests struct{ *testing.M }

// programs is where they are.
var programs string

func (t tests) Run() int {
	var err error
	if programs, err = os.MkdirTemp("", "cmd-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(programs)
	if out, err := exec.Command("go", "build", "-o", programs, ".", "../demo").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return t.M.Run()
}

func built(program string) string { return filepath.Join(programs, program) }

var toldToEnd = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// A server that is told to stop has done what it should: the exit code is 0, and no file is left.
func TestEndsBySignals(t *testing.T) {
	for _, signal := range toldToEnd {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, exec.Command(built("etcd"), "-addr", etcdtest.FreeAddr(t)), "Stop: Ctrl-C")
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.ends(t, 0)
		})
	}
}

// A tour that is cut short says so, and leaves nothing behind either.
func TestDemoEndsBySignals(t *testing.T) {
	for _, signal := range toldToEnd {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, exec.Command(built("demo")), "2. ")
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.ends(t, 1)
			if !strings.Contains(p.output.String(), "interrupted") {
				t.Errorf("it does not say that it was interrupted:\n%s", p.output.String())
			}
		})
	}
}

// Ctrl-C and the end of a terminal go to make as well; what kills make alone has to reach the server.
func TestMakeEndsBySignals(t *testing.T) {
	for _, test := range []struct {
		signal syscall.Signal
		to     func(pid int) int
	}{
		{syscall.SIGINT, func(pid int) int { return -pid }},
		{syscall.SIGHUP, func(pid int) int { return -pid }},
		{syscall.SIGTERM, func(pid int) int { return pid }},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			addr := etcdtest.FreeAddr(t)
			cmd := exec.Command("make", "-s", "-C", "../../..", "etcd", "ADDR="+addr)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			p := start(t, cmd, "Stop: Ctrl-C")
			if err := syscall.Kill(test.to(cmd.Process.Pid), test.signal); err != nil {
				t.Fatal(err)
			}
			p.wait(t)
			if strings.Contains(p.output.String(), "Error") {
				t.Errorf("make reports an error:\n%s", p.output.String())
			}
		})
	}
}

func TestRefusesArguments(t *testing.T) {
	for _, program := range []string{"etcd", "demo"} {
		out, err := exec.Command(built(program), "extra").CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), `"extra"`) {
			t.Errorf("%s: %v: %s", program, err, out)
		}
	}
}

// program is a running program, with temporary files of its own.
type program struct {
	cmd    *exec.Cmd
	temp   string
	output strings.Builder
	read   chan struct{} // closed when all output was read
}

// start starts a program and returns when it has printed a line that begins so.
func start(t *testing.T, cmd *exec.Cmd, line string) *program {
	t.Helper()
	p := &program{cmd: cmd, temp: t.TempDir(), read: make(chan struct{})}
	cmd.Env = append(os.Environ(), "TMPDIR="+p.temp)
	out := live.Must[*os.File](t)(pipe(cmd))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout.(*os.File).Close()
	seen := make(chan struct{})
	go func() {
		defer close(p.read)
		defer out.Close()
		started := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&p.output, lines.Text())
			if !started && strings.HasPrefix(lines.Text(), line) {
				started = true
				close(seen)
			}
		}
	}()
	select {
	case <-seen:
	case <-p.read:
		t.Fatalf("it ended with %v:\n%s", cmd.Wait(), p.output.String())
	}
	return p
}

// pipe makes a program write both outputs to one pipe, and returns the other end.
func pipe(cmd *exec.Cmd) (*os.File, error) {
	r, w, err := os.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	return r, err
}

// wait waits until the program has ended, and all that has its output, and checks that no file is left.
func (p *program) wait(t *testing.T) {
	t.Helper()
	<-p.read
	_ = p.cmd.Wait() // the caller looks at how it ended
	left, err := os.ReadDir(p.temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func (p *program) ends(t *testing.T, code int) {
	t.Helper()
	p.wait(t)
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("it ended with %v, want exit code %d:\n%s", p.cmd.ProcessState, code, p.output.String())
	}
}
