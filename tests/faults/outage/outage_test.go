// Package outage measures what calls cost while a member hangs or all are down, beside the official
// client. It asserts that calls succeed, not how long they take; `make chaos` prints that.
package outage

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	clientv2 "go.etcd.io/etcd/client/v2"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// deadline is that of every call.
const deadline = 3 * time.Second

// contestant is a client that takes part.
type contestant struct {
	name  string
	calls int // how many to make of each kind; the others fail slowly
	get   func(context.Context) error
	set   func(context.Context) error
}

// A member that hangs keeps its connections open and answers nothing.
func TestOneOfThreeFrozen(t *testing.T) {
	for _, version := range live.Kinds(t) {
		t.Run(string(version), func(t *testing.T) {
			cluster := etcdtest.Start(t, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(t, version)))
			for _, frozen := range cluster.Members() {
				freezeOne(t, cluster, frozen)
			}
		})
	}
}

func freezeOne(t *testing.T, cluster *etcdtest.Cluster, frozen *etcdtest.Member) {
	leader := live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	// Ours begins with the member that will hang; the others with one of their choice.
	contestants := []contestant{ours(t, frozen.URL(), cluster.Endpoints())}
	if os.Getenv("OUTAGE_PEERS") != "" {
		contestants = append(contestants, official(t, "client/v2", cluster.Endpoints(), 0),
			official(t, "client/v2, HeaderTimeoutPerRequest 1s", cluster.Endpoints(), time.Second))
	}
	for _, c := range contestants {
		healthy := measure(t, c.calls, c.get)
		report(t, c.name, "all well, reads", healthy)
	}
	if err := frozen.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := frozen.Thaw(); err != nil {
			t.Error(err)
		}
		live.Must[*etcdtest.Member](t)(cluster.Leader(t.Context()))
	}()
	role := "a follower"
	if frozen == leader {
		role = "the leader"
	}
	for i, c := range contestants {
		reads := measure(t, c.calls, c.get)
		report(t, c.name, role+" frozen, reads", reads)
		if i == 0 && reads.failed > 0 {
			t.Errorf("%d of %d reads failed: %v", reads.failed, len(reads.took), reads.err)
		}
	}
	if frozen == leader {
		return // until the next is elected no client can write
	}
	for i, c := range contestants {
		writes := measure(t, c.calls, c.set)
		report(t, c.name, role+" frozen, writes", writes)
		if i == 0 && writes.failed > 0 {
			t.Errorf("%d of %d writes failed: %v", writes.failed, len(writes.took), writes.err)
		}
	}
}

// ours returns a client whose calls begin with the member at first. Writes may fail for a moment
// after a frozen member has come back and wanted an election.
func ours(t *testing.T, first string, endpoints []string) contestant {
	var client *etcd.Client
	live.Eventually(t, "a client's first write has gone to "+first, func() bool {
		begins := make(firstAttempt, 1)
		var err error
		if client, err = etcd.New(etcd.Config{Endpoints: endpoints, Observer: begins}); err != nil {
			t.Fatal(err)
		}
		_, err = client.Set(t.Context(), "/a", "1")
		if err == nil && <-begins == first {
			return true
		}
		client.Close()
		return false
	})
	t.Cleanup(func() { client.Close() })
	return contestant{
		name: "ours", calls: 200,
		get: func(ctx context.Context) error { _, err := client.Get(ctx, "/a"); return err },
		set: func(ctx context.Context) error { _, err := client.Set(ctx, "/a", "1"); return err },
	}
}

// firstAttempt is an Observer that sends on where the first attempt went.
type firstAttempt chan string

func (f firstAttempt) Observe(event etcd.Event) {
	if attempt, ok := event.(etcd.AttemptStarted); ok {
		select {
		case f <- attempt.Endpoint:
		default:
		}
	}
}

func official(t *testing.T, name string, endpoints []string, timeout time.Duration) contestant {
	client, err := clientv2.New(clientv2.Config{Endpoints: endpoints, HeaderTimeoutPerRequest: timeout})
	if err != nil {
		t.Fatal(err)
	}
	keys := clientv2.NewKeysAPI(client)
	t.Cleanup(clientv2.DefaultTransport.(interface{ CloseIdleConnections() }).CloseIdleConnections)
	return contestant{
		name: name, calls: 5,
		get: func(ctx context.Context) error { _, err := keys.Get(ctx, "/a", nil); return err },
		set: func(ctx context.Context) error { _, err := keys.Set(ctx, "/a", "1", nil); return err },
	}
}

// result is how calls went.
type result struct {
	took   []time.Duration
	failed int
	err    error // the last failure
}

func measure(t *testing.T, calls int, call func(context.Context) error) result {
	var r result
	for range calls {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		start := time.Now()
		if err := call(ctx); err != nil {
			r.failed++
			r.err = err
		}
		cancel()
		r.took = append(r.took, time.Since(start))
	}
	return r
}

func report(t *testing.T, name, what string, r result) {
	later := slices.Sorted(slices.Values(r.took[1:]))
	t.Logf("%-40s %-26s failed %3d of %3d, first call %8v, median of the others %8v, slowest %8v", name, what, r.failed,
		len(r.took), r.took[0].Round(10*time.Microsecond), later[len(later)/2].Round(10*time.Microsecond),
		later[len(later)-1].Round(10*time.Microsecond))
}

// When all members are down and come back, the client needs nobody's help to notice.
func TestAllDownAndBack(t *testing.T) {
	cluster := etcdtest.Start(t, etcdtest.WithMembers(3))
	client := live.Client(t, cluster.Endpoints()...)
	if _, err := client.Set(t.Context(), "/a", "1"); err != nil {
		t.Fatal(err)
	}
	for _, member := range cluster.Members() {
		if err := member.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	var failed atomic.Int64
	works := untilItWorks(t, &failed, func() error { _, err := client.Get(t.Context(), "/a"); return err })
	live.Eventually(t, "calls have failed", func() bool { return failed.Load() >= 30 })
	answers := make([]<-chan time.Time, 3)
	for i, endpoint := range cluster.Endpoints() {
		answers[i] = untilItWorks(t, new(atomic.Int64), func() error { return probe(t, endpoint) })
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := slices.MinFunc([]time.Time{<-answers[0], <-answers[1], <-answers[2]}, time.Time.Compare)
	t.Logf("the first success came %v after a member had answered a plain request", (<-works).Sub(first))
}

// untilItWorks calls do every few milliseconds until it succeeds, and sends when that was.
func untilItWorks(t *testing.T, failed *atomic.Int64, do func() error) <-chan time.Time {
	works := make(chan time.Time, 1)
	again := time.NewTicker(2 * time.Millisecond)
	t.Cleanup(again.Stop)
	go func() {
		for do() != nil && t.Context().Err() == nil {
			failed.Add(1)
			<-again.C
		}
		works <- time.Now()
	}()
	return works
}

// probe reads a key from one member, without the library.
func probe(t *testing.T, endpoint string) error {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/v2/keys/a", nil)
	if err != nil {
		return err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
