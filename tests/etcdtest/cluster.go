package etcdtest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/etcdv2/client/tests/etcdtest/internal/launch"
)

// startAttempts is how often New tries other ports when some were taken in between.
const startAttempts = 5

// A Cluster is one or several running etcd members with the v2 API. Use [Start] or
// [New]; the zero value is of no use. Its methods may be called concurrently.
type Cluster struct {
	cfg     *config
	id      string   // the one that its members tell
	dir     *workDir // data, logs and certificates; removed by Close
	ports   []int    // reserved until Close
	members []*Member
	http    *http.Client // for looking at members
	close   func() error
	closed  atomic.Bool // or about to be
}

// Start starts a cluster for the test and returns when every member serves. When the
// test ends, the cluster is closed; if the test failed, the end of each member's log
// is shown first. A cluster that does not start fails the test at once.
func Start(tb testing.TB, opts ...Option) *Cluster {
	tb.Helper()
	cfg, err := newConfig(opts)
	if err == nil {
		err = cfg.build(tb.Context(), tb.Logf)
	}
	if err != nil {
		tb.Fatal(err)
	}
	c, err := start(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			c.showLogs(tb)
		}
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// New starts a cluster outside of a test and returns when every member serves. The
// caller must Close it. ctx bounds the start only; the first one on a machine may build
// etcd before, see [Build].
func New(ctx context.Context, opts ...Option) (*Cluster, error) {
	cfg, err := newConfig(opts)
	if err == nil {
		err = cfg.build(ctx, func(string, ...any) {})
	}
	if err != nil {
		return nil, err
	}
	return start(ctx, cfg)
}

// start tries again with other ports if some were taken in between.
func start(ctx context.Context, cfg *config) (*Cluster, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	for attempt := 1; ; attempt++ {
		c, err := newCluster(ctx, cfg)
		if !launch.InUse(err) || attempt == startAttempts {
			return c, err
		}
		// If the caller chose the address, another one will not do.
		if cfg.clientAddr != "" && tryListen(cfg.clientAddr) != nil {
			return nil, err
		}
	}
}

func newCluster(ctx context.Context, cfg *config) (*Cluster, error) {
	c := &Cluster{cfg: cfg}
	c.close = sync.OnceValue(c.shutdown)
	err := c.prepare(ctx)
	if err == nil {
		err = c.Restart(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Members returns all members, stopped ones included, in the order of their names.
func (c *Cluster) Members() []*Member {
	return slices.Clone(c.members)
}

// Endpoints returns the URLs of all members, stopped ones included.
func (c *Cluster) Endpoints() []string {
	urls := make([]string, len(c.members))
	for i, m := range c.members {
		urls[i] = m.URL()
	}
	return urls
}

// Restart starts all stopped members and returns when they serve, see [Member.Restart].
// It passes over those that a client has removed, or not added yet, as far as a running
// member tells. With none stopped it does nothing.
func (c *Cluster) Restart(ctx context.Context) error {
	var started []*Member
	known, _ := c.listings(ctx) // a member that does not answer tells nothing
	// One after the other: an etcd that starts asks its peers who they are, and waits a
	// second for each that listens already but does not answer yet.
	for _, m := range c.members {
		if m.running() != nil || !m.belongs(known) {
			continue
		}
		if err := m.start(ctx); err != nil {
			return err
		}
		if err := m.waitListening(ctx); err != nil {
			return err
		}
		started = append(started, m)
	}
	return each(started, func(m *Member) error { return m.waitReady(ctx) })
}

// Close kills all members, removes their data and returns when nothing of the cluster
// is left: no process, no open port, no goroutine. Later calls return the first one's error.
func (c *Cluster) Close() error { return c.close() }

func (c *Cluster) shutdown() error {
	c.closed.Store(true)
	err := each(c.members, (*Member).Kill)
	for _, port := range c.ports {
		releasePort(port)
	}
	return errors.Join(err, c.dir.remove())
}

// each calls do for all the members at the same time and joins the errors.
func each(members []*Member, do func(*Member) error) error {
	errs := make([]error, len(members))
	var running sync.WaitGroup
	for i, m := range members {
		running.Go(func() { errs[i] = do(m) })
	}
	running.Wait()
	return errors.Join(errs...)
}

func (c *Cluster) showLogs(tb testing.TB) {
	for _, m := range c.members {
		tb.Logf("log of etcd member %s:\n%s", m.Name(), m.logTail())
	}
}
