// Package examples runs each example as a process, on real servers.
package examples

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"go.uber.org/goleak"
)

// programs is the directory with the built examples.
var programs string

func TestMain(m *testing.M) { goleak.VerifyTestMain(built{m}) }

// built runs tests between building the examples and removing them.
type built struct{ m *testing.M }

func (b built) Run() int {
	var err error
	if programs, err = os.MkdirTemp("", "examples"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	build := exec.Command("go", "build", "-ldflags=-w", "-o", programs+string(filepath.Separator), "./...")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return b.m.Run()
}

// each runs test on a server of the newest version and on one of etcd 2.3.8.
func each(t *testing.T, test func(t *testing.T, cluster *etcdtest.Cluster)) {
	t.Run("3.5", func(t *testing.T) {
		t.Parallel()
		test(t, etcdtest.Start(t))
	})
	t.Run("2.3.8", func(t *testing.T) {
		t.Parallel()
		test(t, etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd23))))
	})
}

// connect returns a client of the cluster.
func connect(t *testing.T, cluster *etcdtest.Cluster) *etcd.Client {
	t.Helper()
	client, err := etcd.New(etcd.Config{Endpoints: cluster.Endpoints()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// must returns the result of a call that has to work.
func must[R any](t *testing.T) func(R, error) R {
	return func(r R, err error) R {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// eventually waits until done says so.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatalf("still not after 30 s: %s", what)
		case <-tick.C:
		}
	}
}

// program is an example that runs, or has run.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of the process; set when done is closed

	mu     sync.Mutex
	output bytes.Buffer
	read   int // how much of the output expect has passed
}

// start starts an example on the cluster.
func start(t *testing.T, cluster *etcdtest.Cluster, name string, args ...string) *program {
	t.Helper()
	return startWith(t, nil, cluster, name, args...)
}

// startWith starts an example whose command setUp completes.
func startWith(t *testing.T, setUp func(*exec.Cmd), cluster *etcdtest.Cluster, name string, args ...string) *program {
	t.Helper()
	args = append([]string{"-endpoints", strings.Join(cluster.Endpoints(), ",")}, args...)
	p := &program{t: t, cmd: exec.CommandContext(t.Context(), filepath.Join(programs, name), args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p, p, 5*time.Second
	if setUp != nil {
		setUp(p.cmd)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		<-p.done
		if t.Failed() {
			t.Logf("%s %q ended with %v, after:\n%s", name, args, p.err, p.text())
		}
	})
	return p
}

// Write takes what the program prints.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

// text returns what the program has printed.
func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// expect waits for a line with the words, behind those that were expected before, and returns it.
func (p *program) expect(words string) string {
	p.t.Helper()
	var found string
	eventually(p.t, fmt.Sprintf("%s prints %q", filepath.Base(p.cmd.Path), words), func() bool {
		for line := range strings.Lines(p.text()[p.read:]) {
			if !strings.HasSuffix(line, "\n") {
				break
			}
			p.read += len(line)
			if strings.Contains(line, words) {
				found = strings.TrimSpace(line)
				return true
			}
		}
		return false
	})
	return found
}

// address returns where the program serves.
func (p *program) address() string {
	p.t.Helper()
	return strings.TrimPrefix(p.expect("serving on "), "serving on ")
}

// succeeds waits until the program has ended without an error.
func (p *program) succeeds() {
	p.t.Helper()
	p.ends()
	if p.err != nil {
		p.t.Fatalf("%s: %v", filepath.Base(p.cmd.Path), p.err)
	}
}

// fails waits until the program has ended with an error that it has explained with the words.
func (p *program) fails(words string) {
	p.t.Helper()
	p.ends()
	if exit := new(exec.ExitError); !errors.As(p.err, &exit) || !strings.Contains(p.text(), words) {
		p.t.Fatalf("%s should have failed with %q: %v", filepath.Base(p.cmd.Path), words, p.err)
	}
}

func (p *program) ends() {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("%s has not ended after 30 s", filepath.Base(p.cmd.Path))
	}
}

// interrupt does what Ctrl-C does.
func (p *program) interrupt() {
	p.t.Helper()
	p.signal(os.Interrupt)
}

func (p *program) signal(signal os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// stop interrupts a program that then ends without an error.
func (p *program) stop() {
	p.t.Helper()
	p.interrupt()
	p.succeeds()
}

// value returns the value of a key, and whether it exists.
func value(t *testing.T, client *etcd.Client, key string) (string, bool) {
	t.Helper()
	resp, err := client.Get(context.Background(), key, etcd.WithQuorum())
	if errors.Is(err, etcd.ErrKeyNotFound) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	return resp.Node.Value, true
}
