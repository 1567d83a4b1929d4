package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// ErrNotProcess is the error of freezing a member that is embedded in the test
// process, see [WithBinary].
var ErrNotProcess = errors.New("etcdtest: only a member that is a process can be frozen")

var errClosed = errors.New("the cluster is closed")

// A Member is one server of a [Cluster]. Its methods may be called concurrently.
type Member struct {
	spec    launch.Spec
	cluster *Cluster
	launch  launch.Starter

	mu     sync.Mutex
	server launch.Server // nil while stopped; it may have ended by itself, too
}

// Name returns the member's name within the cluster: "m1", "m2" and so on.
func (m *Member) Name() string { return m.spec.Name }

// URL returns the URL for clients, such as "http://127.0.0.1:23456". It stays the
// same over restarts.
func (m *Member) URL() string { return m.spec.ClientURL() }

// DataDir returns the member's data directory, which [Cluster.Close] removes. Do not change what is in it while the
// member runs.
func (m *Member) DataDir() string { return m.spec.DataDir }

// Stop shuts the member down in an orderly way: a leader hands its leadership over first,
// if its version can (2.3.8 cannot) and its long polls leave it the time. Open long polls
// are cut: by an embedded member at once, by a process within three seconds. Data and ports are kept for [Member.Restart]. Stopping a
// stopped member does nothing.
func (m *Member) Stop() error { return m.halt(launch.Server.Stop) }

// Kill ends the member at once: a process by SIGKILL. An embedded member cannot be
// killed; it drops all connections and stops without handing leadership over, but
// its files are closed properly. A process that is the only member may lose its last
// write, which etcd before 3.5.5 acknowledges before it is in the log.
func (m *Member) Kill() error { return m.halt(launch.Server.Kill) }

func (m *Member) halt(how func(launch.Server) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server == nil {
		return nil
	}
	if err := how(m.server); err != nil {
		return fmt.Errorf("etcdtest: stop member %s: %w", m.Name(), err)
	}
	m.server = nil
	return nil
}

// Restart starts a stopped member again with its data, on the same ports, and
// returns when it serves: when it has answered a quorum read. Without a majority of
// running members that does not happen before ctx ends; [Cluster.Restart] starts
// all stopped members together. A member that is running is an error.
func (m *Member) Restart(ctx context.Context) error {
	if err := m.start(ctx); err != nil {
		return err
	}
	return m.waitReady(ctx)
}

// start launches the server and does not wait for it to be ready.
func (m *Member) start(ctx context.Context) error {
	spec := m.spec
	if spec.Joins && !m.hasJoined() {
		var err error
		if spec.InitialCluster, err = m.initialCluster(ctx); err != nil {
			return fmt.Errorf("etcdtest: start member %s: %w", m.Name(), err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cluster.closed.Load() {
		return fmt.Errorf("etcdtest: start member %s: %w", m.Name(), errClosed)
	}
	if m.server != nil && !hasExited(m.server) {
		return fmt.Errorf("etcdtest: start member %s: it is running", m.Name())
	}
	s, err := m.launch(&spec)
	if err != nil {
		return fmt.Errorf("etcdtest: start member %s: %w", m.Name(), err)
	}
	m.server = s
	return nil
}

// Freeze stops the process in its tracks (SIGSTOP): its connections stay open and
// nothing answers on them. For an embedded member the error is [ErrNotProcess].
func (m *Member) Freeze() error { return m.signal("freeze", launch.Server.Freeze) }

// Thaw lets a frozen process go on.
func (m *Member) Thaw() error { return m.signal("thaw", launch.Server.Thaw) }

func (m *Member) signal(what string, how func(launch.Server) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server == nil || hasExited(m.server) {
		return fmt.Errorf("etcdtest: %s member %s: it is not running", what, m.Name())
	}
	if err := how(m.server); err != nil {
		return fmt.Errorf("%s member %s: %w", what, m.Name(), err)
	}
	return nil
}

// running returns the server, or nil if it was stopped or has ended by itself.
func (m *Member) running() launch.Server {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.server == nil || hasExited(m.server) {
		return nil
	}
	return m.server
}

func hasExited(s launch.Server) bool {
	select {
	case <-s.Exited():
		return true
	default:
		return false
	}
}
