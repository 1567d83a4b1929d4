//go:build unix

package exclusion_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// process is a contender in a process of its own, which can be stopped in its tracks, or killed.
type process struct {
	role      string
	name      string
	nth       int // of those of this name
	endpoints []string
	tell      func(event)

	cmd   *exec.Cmd
	input io.Closer
	ended sync.WaitGroup

	mu     sync.Mutex
	onHeld func() // called once, at the next time that it says that it holds the lock
	killed bool
}

// startProcess starts a contender whose events tell gets.
func startProcess(t *testing.T, role, name string, endpoints []string, tell func(event)) *process {
	t.Helper()
	p := &process{role: role, name: name, nth: 1, endpoints: endpoints, tell: tell}
	p.start(t)
	return p
}

// successor starts a process of the same identity.
func (p *process) successor(t *testing.T) *process {
	t.Helper()
	next := &process{role: p.role, name: p.name, nth: p.nth + 1, endpoints: p.endpoints, tell: p.tell}
	next.start(t)
	return next
}

// called is the name in its events.
func (p *process) called() string {
	if p.nth == 1 {
		return p.name
	}
	return p.name + "#" + strconv.Itoa(p.nth)
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(os.Args[0])
	words := append([]string{p.role, p.called()}, p.endpoints...)
	p.cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(words, ","))
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
				t.Errorf("%s says %q", p.called(), lines.Text())
				continue
			}
			p.heard(e)
			p.tell(e)
		}
		if err := p.cmd.Wait(); err != nil && !p.wasKilled() {
			t.Errorf("%s: %v", p.called(), err)
		}
	})
}

func (p *process) heard(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Kind == held && p.onHeld != nil {
		p.onHeld()
		p.onHeld = nil
	}
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// whenHolding does something as soon as the process says that it holds the lock. It reports whether that came
// to pass before ctx ended.
func (p *process) whenHolding(ctx context.Context, do func() error) (bool, error) {
	done := make(chan error, 1)
	p.mu.Lock()
	p.onHeld = func() { done <- do() }
	p.mu.Unlock()
	select {
	case err := <-done:
		return true, err
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.onHeld = nil
	p.mu.Unlock()
	select { // it may have just been
	case err := <-done:
		return true, err
	default:
		return false, nil
	}
}

func (p *process) signal(sig unix.Signal) func() error {
	return func() error { return unix.Kill(p.cmd.Process.Pid, sig) }
}

// stopWhenHolding stops the process (SIGSTOP) as soon as it says that it holds the lock, for so long.
func (p *process) stopWhenHolding(ctx context.Context, d time.Duration) error {
	stopped, err := p.whenHolding(ctx, p.signal(unix.SIGSTOP))
	if !stopped || err != nil {
		return err
	}
	rest(ctx, d)
	return p.signal(unix.SIGCONT)()
}

// killWhenHolding kills the process (SIGKILL) as soon as it says that it holds the lock. It reports whether
// that came to pass, and returns when the process is dead.
func (p *process) killWhenHolding(ctx context.Context) (bool, error) {
	dead, err := p.whenHolding(ctx, func() error {
		p.killed = true // mu is held
		return p.signal(unix.SIGKILL)()
	})
	if !dead || err != nil {
		return dead, err
	}
	p.ended.Wait()
	p.tell(event{Contender: p.called(), Kind: killed, At: now()})
	return true, nil
}

// replaceWhenHolding stops the process when it holds the lock, and lets a successor take the lock over. Then
// it goes on, finds out, and ends.
func (p *process) replaceWhenHolding(ctx context.Context, t *testing.T) (*process, error) {
	stopped, err := p.whenHolding(ctx, p.signal(unix.SIGSTOP))
	if !stopped || err != nil {
		return nil, err
	}
	next := p.successor(t)
	_, err = next.whenHolding(ctx, func() error { return nil })
	p.input.Close()
	err = errors.Join(err, p.signal(unix.SIGCONT)())
	p.ended.Wait()
	return next, err
}

// end lets the contender finish and waits for its last words.
func (p *process) end() {
	p.input.Close()
	p.ended.Wait()
}
