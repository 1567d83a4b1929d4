package replicate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/dump"
	"github.com/etcdv2/client/migrate/replicate"
	"github.com/etcdv2/client/migrate/v3tree"
	"github.com/etcdv2/client/migrate/verify"
	"github.com/etcdv2/client/tests/etcdtest"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// TestLong replicates under load while everything breaks, and compares the trees after the cut-over. It runs with
// REPLICATE_SECONDS, the time of either phase of each of its four parts. REPLICATE_RATE is how many writes a second are tried
// (3000), and REPLICATE_KILLS how often the replicator is killed (50).
func TestLong(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv("REPLICATE_SECONDS"))
	if err != nil {
		t.Skip("REPLICATE_SECONDS is not set")
	}
	for _, version := range []etcdtest.Version{etcdtest.Etcd35, etcdtest.Etcd23} {
		for _, kind := range []string{"v3", "v2"} {
			t.Run(string(version)+" to "+kind, func(t *testing.T) {
				l := newLong(t, version, kind)
				l.quiet(t, time.Duration(seconds)*time.Second)
				l.chaos(t, time.Duration(seconds)*time.Second)
				l.cutOver(t)
			})
		}
	}
}

// A long is one part of the test.
type long struct {
	source  *etcdtest.Cluster
	target  *etcdtest.Cluster
	client  *etcd.Client
	child   childConfig
	acked   sync.Map // when a value was acknowledged
	writes  atomic.Int64
	refused atomic.Int64
	unknown atomic.Int64
	mu      sync.Mutex
	lags    []time.Duration
	stop    context.CancelFunc
	writers sync.WaitGroup
}

// childConfig is that of a replicator in a process of its own.
type childConfig struct {
	Source []string
	Target string
	V3     bool
	Mode   string // "cut over" or "abort"; empty for a replicator that is to be killed
}

func (c childConfig) replicator(log func(string, ...any)) (*replicate.Replicator, func(), error) {
	source, err := etcd.New(etcd.Config{Endpoints: c.Source})
	if err != nil {
		return nil, nil, err
	}
	config := replicate.Config{Source: source, Hidden: []string{"/_locks"}, Log: log, Continue: c.Mode != ""}
	if c.V3 {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{c.Target}, Logger: zap.NewNop()})
		if err != nil {
			return nil, nil, err
		}
		config.Target = replicate.ToV3(client, replicate.V3Options{Markers: true, Compact: 10 * time.Second})
		r, err := replicate.New(config)
		return r, func() { _ = client.Close(); _ = source.Close() }, err
	}
	client, err := etcd.New(etcd.Config{Endpoints: []string{c.Target}})
	if err != nil {
		return nil, nil, err
	}
	config.Target = replicate.ToV2(client)
	r, err := replicate.New(config)
	return r, func() { _ = client.Close(); _ = source.Close() }, err
}

// runChild is what the process does until it is killed.
func runChild(text string) error {
	var c childConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	log := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	r, _, err := c.replicator(log)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1) // the test has ended
	}()
	go func() {
		for range time.Tick(time.Second) {
			log("%s", r.Stats())
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ran, did := make(chan error, 1), make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	go func() { did <- c.act(ctx, r) }()
	select {
	case err := <-ran:
		if err == nil {
			return <-did
		}
		if errors.Is(err, replicate.ErrSwitched) && c.Mode == "cut over" {
			return nil
		}
		return err
	case err := <-did:
		return err
	}
}

// startChild starts such a process.
func startChild(t *testing.T, c childConfig) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REPLICATE_CHILD="+string(text))
	if os.Getenv("REPLICATE_VERBOSE") != "" {
		cmd.Stderr = os.Stderr
	}
	if _, err := cmd.StdinPipe(); err != nil { // its end ends the child
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func newLong(t *testing.T, version etcdtest.Version, kind string) *long {
	source := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)), etcdtest.WithSnapshotCount(500))
	target := etcdtest.Etcd36
	if kind == "v2" {
		target = etcdtest.Etcd35
	}
	to := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, target)))
	l := &long{
		source: source, target: to, client: connectV2(t, source.Endpoints()...),
		child: childConfig{Source: source.Endpoints(), Target: to.Endpoints()[0], V3: kind == "v3"},
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.stop = cancel
	var watching sync.WaitGroup
	t.Cleanup(func() { cancel(); watching.Wait() })
	watching.Go(func() { l.see(ctx) })
	l.write(t, ctx)
	return l
}

// tell logs the figures of a phase.
func (l *long) tell(t *testing.T, phase string, took time.Duration) {
	l.mu.Lock()
	lags := l.lags
	l.lags = nil
	l.mu.Unlock()
	slices.Sort(lags)
	q := func(p float64) time.Duration {
		if len(lags) == 0 {
			return 0
		}
		return lags[int(p*float64(len(lags)-1))].Round(100 * time.Microsecond)
	}
	writes := l.writes.Swap(0)
	t.Logf("%s: %d writes in %v, %.0f a second; %d refused, %d without an outcome; lag p50 %v, p99 %v, max %v of %d values",
		phase, writes, took.Round(time.Second), float64(writes)/took.Seconds(), l.refused.Swap(0), l.unknown.Swap(0), q(.5), q(.99), q(1), len(lags))
}

// quiet lets the replicator work without faults.
func (l *long) quiet(t *testing.T, d time.Duration) {
	cmd := startChild(t, l.child)
	wait(t, 5*time.Second) // the first copy
	l.tell(t, "at first", 5*time.Second)
	began := time.Now()
	wait(t, d)
	l.tell(t, "without faults", time.Since(began))
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func wait(t *testing.T, d time.Duration) {
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// chaos kills the replicator over and over, and does all kinds of things to the source.
func (l *long) chaos(t *testing.T, d time.Duration) {
	began := time.Now()
	kills := 50
	if text := os.Getenv("REPLICATE_KILLS"); text != "" {
		kills, _ = strconv.Atoi(text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var breaking sync.WaitGroup
	var faults atomic.Int64
	breaking.Go(func() {
		for ctx.Err() == nil {
			l.breakOne(t, ctx)
			faults.Add(1)
		}
	})
	for range kills {
		cmd := startChild(t, l.child)
		wait(t, time.Duration(rand.Int64N(int64(2*d)/int64(kills))))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	cancel()
	breaking.Wait()
	l.tell(t, fmt.Sprintf("with %d kills of the replicator and %d faults of source and target", kills, faults.Load()), time.Since(began))
}

// breakOne kills or freezes one member of the source or, less often, the only one of the target for a while.
func (l *long) breakOne(t *testing.T, ctx context.Context) {
	member, of, n := l.source.Members()[rand.IntN(3)], "source", 3
	if rand.IntN(5) == 0 {
		member, of, n = l.target.Members()[0], "target", 2
	}
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	pause := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
	restart := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		must(member.Restart(ctx))
	}
	what := rand.IntN(n)
	before, began := l.writes.Load(), time.Now()
	defer func() {
		t.Logf("%s of the %s was %s for %v; %d writes went on", member.Name(), of, []string{"killed", "frozen", "killed until a snapshot"}[what],
			time.Since(began).Round(100*time.Millisecond), l.writes.Load()-before)
	}()
	switch what {
	case 0:
		must(member.Kill())
		pause(time.Second)
		restart()
	case 1:
		must(member.Freeze())
		pause(3 * time.Second)
		must(member.Thaw())
	case 2: // so long that the others send it a snapshot
		must(member.Kill())
		for l.writes.Load() < before+6000 && ctx.Err() == nil {
			pause(100 * time.Millisecond)
		}
		restart()
	}
	pause(2 * time.Second)
}

// cutOver rehearses and does the cut-over, and compares the trees.
func (l *long) cutOver(t *testing.T) {
	r, closeAll, err := l.child.replicator(t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll()
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	report, err := r.CutOver(t.Context(), replicate.CutOver{Grace: 6 * time.Second, Linger: 3 * time.Second, Now: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	l.writers.Wait()
	t.Logf("cut over: writers stood still for %v, %v; %d keys expire; %v", report.Stopped.Round(time.Millisecond), report.Verified, report.Expiring, r.Stats())
	l.compare(t)
}

// compare compares the trees by other means than the replicator.
func (l *long) compare(t *testing.T) {
	tree := func(client *etcd.Client) []dump.Node {
		var nodes []dump.Node
		for _, root := range []string{"/live", "/_locks"} {
			resp, err := client.Get(t.Context(), root, etcd.WithRecursive(), etcd.WithQuorum())
			if err != nil {
				t.Fatal(err)
			}
			for n := range resp.Node.Walk() {
				node := dump.Node{Key: n.Key, Value: n.Value, Dir: n.Dir}
				if !n.Expiration.IsZero() {
					node.Expires = time.Now().Add(n.TTL)
				}
				nodes = append(nodes, node)
			}
		}
		slices.SortFunc(nodes, dump.Compare)
		return nodes
	}
	want := each(tree(l.client))
	opts := verify.Options{Tolerance: 5 * time.Second}
	report := func(d verify.Difference) { t.Error(d) }
	var sum verify.Summary
	var err error
	if l.child.V3 {
		got := v3tree.Reader{Client: connectV3(t, l.child.Target), Mapping: v3tree.Identity, Leases: true}
		sum, err = verify.Compare(v3tree.Flatten(want, true), got.Nodes(t.Context()), opts, report)
	} else {
		sum, err = verify.Compare(want, each(tree(connectV2(t, l.child.Target))), opts, report)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log("afterwards: ", strings.TrimSpace(sum.String()))
}
