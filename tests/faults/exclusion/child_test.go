//go:build unix

package exclusion_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"golang.org/x/sys/unix"
)

// childEnv names a contender that is a process of its own, and its endpoints.
const childEnv = "EXCLUSION_CHILD"

// child contends until its input is closed, and prints what happens to it.
func child() {
	name, endpoints, _ := strings.Cut(os.Getenv(childEnv), " ")
	client, err := etcd.New(etcd.Config{Endpoints: strings.Split(endpoints, " ")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	c := viaMutex(client, name)
	c.name, c.client, c.lasting, c.tell = name, client, 40, func(e event) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(e)
	}
	c.run(ctx)
}

// process is a contender in a process of its own, which can be stopped in its tracks.
type process struct {
	cmd   *exec.Cmd
	input io.Closer
	ended sync.WaitGroup

	mu     sync.Mutex
	onHeld func() // called once, at the next time that it says that it holds the lock
}

// startProcess starts a contender whose events tell gets.
func startProcess(t *testing.T, name string, endpoints []string, tell func(event)) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childEnv+"="+name+" "+strings.Join(endpoints, " "))
	p.cmd.Stderr = os.Stderr
	input, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.input = input
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ended.Go(func() {
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Errorf("%s says %q", name, lines.Text())
				continue
			}
			p.heard(e)
			tell(e)
		}
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	return p
}

func (p *process) heard(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == held && p.onHeld != nil {
		p.onHeld()
		p.onHeld = nil
	}
}

// stopWhenHolding stops the process (SIGSTOP) as soon as it says that it holds the lock, for so long. It
// returns an error if that did not come to pass.
func (p *process) stopWhenHolding(ctx context.Context, d time.Duration) error {
	stopped := make(chan error, 1)
	p.mu.Lock()
	p.onHeld = func() { stopped <- unix.Kill(p.cmd.Process.Pid, unix.SIGSTOP) }
	p.mu.Unlock()
	select {
	case err := <-stopped:
		rest(ctx, d)
		return errors.Join(err, unix.Kill(p.cmd.Process.Pid, unix.SIGCONT))
	case <-ctx.Done():
		p.mu.Lock()
		p.onHeld = nil
		p.mu.Unlock()
		select { // it may have just been
		case err := <-stopped:
			return errors.Join(err, unix.Kill(p.cmd.Process.Pid, unix.SIGCONT))
		default:
			return nil
		}
	}
}

// end lets the contender finish and waits for its last words.
func (p *process) end() {
	p.input.Close()
	p.ended.Wait()
}
