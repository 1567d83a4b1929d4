package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// stopGrace is how long a process may take to end after SIGTERM before it is killed.
// etcd 3.5 waits for open long polls, several seconds; nothing is lost by not waiting
// with it.
const stopGrace = 3 * time.Second

// A process is an etcd of any version in a process of its own.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// starter returns how the members of this cluster are started. If their version has no v2 API, cfg says so from then on.
func (cfg *config) starter(ctx context.Context) (launch.Starter, error) {
	if cfg.start != nil {
		return cfg.start, nil
	}
	version, err := binaryVersion(ctx, cfg.binary, "--version")
	if err != nil {
		return nil, err
	}
	if !version.servesV2() {
		cfg.withoutV2 = true
	}
	return func(s *launch.Spec) (launch.Server, error) {
		return startProcess(cfg.binary, flags(s, version), s.LogFile)
	}, nil
}

// startProcess runs the binary until it is stopped or this process dies.
func startProcess(binary string, flags []string, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(binary, flags...), done: make(chan struct{})}
	p.cmd.Env = environ()
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go onOwnThread(func() { p.run(started) })
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the process and reaps it.
func (p *process) run(started chan<- error) {
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // being killed is not an error
	}
}

// onOwnThread calls do, which starts a process and waits for it, and keeps the thread meanwhile: Linux kills the child
// when the thread that started it ends, not only when the whole parent does.
func onOwnThread(do func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	do()
}

// Stop ends the process in an orderly way.
func (p *process) Stop() error {
	if err := p.signal(termSignal); err != nil {
		return err
	}
	if canFreeze { // a frozen process takes no other signal
		if err := p.Thaw(); err != nil {
			return err
		}
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-grace.C:
		return p.Kill()
	}
}

// Kill ends the process at once.
func (p *process) Kill() error {
	err := p.signal(os.Kill)
	<-p.done
	return err
}

// Freeze stops the process in its tracks.
func (p *process) Freeze() error {
	if err := p.signal(stopSignal); err != nil {
		return err
	}
	return waitStopped(p.cmd.Process.Pid)
}

// Thaw lets the process go on.
func (p *process) Thaw() error { return p.signal(continueSignal) }

// Exited returns a channel that is closed when the process has ended.
func (p *process) Exited() <-chan struct{} { return p.done }

// signal sends sig; a process that has ended already is not an error.
func (p *process) signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v: %w", sig, err)
	}
	return nil
}

// environ is this process's environment without the variables that etcd takes for
// flags.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "ETCD_") {
			env = append(env, kv)
		}
	}
	return append(env, "ETCD_UNSUPPORTED_ARCH="+runtime.GOARCH)
}
