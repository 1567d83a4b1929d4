package etcdtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
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

// launcher returns how the members of this cluster are started.
func (cfg *config) launcher() (launcher, error) {
	if cfg.binary == "" {
		return startEmbedded, nil
	}
	version, err := binaryVersion(cfg.binary)
	if err != nil {
		return nil, err
	}
	return func(s *spec) (server, error) {
		return startProcess(cfg.binary, s.flags(version), s.logFile)
	}, nil
}

// startProcess runs the binary until it is stopped or this process dies.
func startProcess(binary string, flags []string, logFile string) (server, error) {
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
	go p.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// run starts the process and reaps it. It keeps its thread meanwhile: Linux kills the
// child when the thread that started it ends, not only when the whole parent does.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // a killed process is no error
	}
}

func (p *process) stop() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	// A frozen process takes no other signal.
	if err := p.thaw(); err != nil {
		return err
	}
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-grace.C:
		return p.kill()
	}
}

func (p *process) kill() error {
	err := p.signal(os.Kill)
	<-p.done
	return err
}

func (p *process) freeze() error {
	if err := p.signal(stopSignal); err != nil {
		return err
	}
	return waitStopped(p.cmd.Process.Pid)
}

func (p *process) thaw() error { return p.signal(continueSignal) }

func (p *process) exited() <-chan struct{} { return p.done }

// signal sends sig; a process that has ended already is no error.
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
