package bench

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/live"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// callTimeout is the deadline of each call where a member fails.
const callTimeout = 3 * time.Second

// pinned is a client that can tell which member it uses.
type pinned struct {
	name string
	get  func(ctx context.Context) error
	uses func() string
}

// fault is what happens to the member that a client uses.
type fault struct {
	name string
	make func(*etcdtest.Member) error
	mend func(context.Context, *etcdtest.Member) error
}

var faults = []fault{
	{"killed", (*etcdtest.Member).Kill, func(ctx context.Context, m *etcdtest.Member) error { return m.Restart(ctx) }},
	{"frozen", (*etcdtest.Member).Freeze, func(_ context.Context, m *etcdtest.Member) error { return m.Thaw() }},
}

// failovers measures how long after each fault a client's first read succeeds; -1 stands for not within the scale's patience.
func failovers(tb testing.TB, s scale) (map[string]map[string][]time.Duration, error) {
	cluster := etcdtest.Start(tb, etcdtest.WithMembers(3), etcdtest.WithBinary(etcdtest.Build(tb, etcdtest.Etcd35)))
	all := map[string]map[string][]time.Duration{}
	for _, f := range faults {
		all[f.name] = map[string][]time.Duration{}
		for range min(s.rounds, 5) {
			for _, start := range []func(testing.TB, []string) pinned{pinnedOurs, pinnedOfficial} {
				client := start(tb, cluster.Endpoints())
				took, err := f.failover(tb, s.patience, cluster, client)
				if err != nil {
					return nil, fmt.Errorf("%s, member %s: %w", client.name, f.name, err)
				}
				all[f.name][client.name] = append(all[f.name][client.name], took)
			}
		}
	}
	return all, nil
}

// failover makes the fault, and mends it when it has been measured what that costs client.
func (f fault) failover(tb testing.TB, patience time.Duration, cluster *etcdtest.Cluster, client pinned) (took time.Duration, err error) {
	live.Eventually(tb, "a first read", func() bool { return client.get(tb.Context()) == nil })
	member := memberAt(cluster, client.uses())
	if member == nil {
		return 0, fmt.Errorf("it uses %q, which is no member", client.uses())
	}
	if err := f.make(member); err != nil {
		return 0, err
	}
	defer func() {
		mended := f.mend(tb.Context(), member)
		_, led := cluster.Leader(tb.Context())
		err = errors.Join(err, mended, led)
	}()
	for began := time.Now(); time.Since(began) < patience; {
		ctx, cancel := context.WithTimeout(tb.Context(), callTimeout)
		err := client.get(ctx)
		cancel()
		if err == nil {
			return time.Since(began), nil
		}
	}
	return -1, nil
}

func memberAt(cluster *etcdtest.Cluster, url string) *etcdtest.Member {
	for _, m := range cluster.Members() {
		if m.URL() == url {
			return m
		}
	}
	return nil
}

func pinnedOurs(tb testing.TB, endpoints []string) pinned {
	var last lastAttempt
	client := live.Connect(tb, etcd.Config{Endpoints: endpoints, Observer: &last})
	return pinned{
		name: ours,
		get: func(ctx context.Context) error {
			_, err := client.Get(ctx, "/")
			return err
		},
		uses: func() string { return *last.endpoint.Load() },
	}
}

// lastAttempt is an Observer that keeps where the last attempt went that succeeded.
type lastAttempt struct{ endpoint atomic.Pointer[string] }

func (l *lastAttempt) Observe(event etcd.Event) {
	if attempt, ok := event.(etcd.AttemptEnded); ok && attempt.Err == nil {
		l.endpoint.Store(&attempt.Endpoint)
	}
}

// pinnedOfficial returns the official client, which begins with the first of its endpoints.
func pinnedOfficial(tb testing.TB, endpoints []string) pinned {
	client, err := clientv2.New(clientv2.Config{Endpoints: endpoints, Transport: wideTransport(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	keys := clientv2.NewKeysAPI(client)
	return pinned{
		name: official,
		get: func(ctx context.Context) error {
			_, err := keys.Get(ctx, "/", nil)
			return err
		},
		uses: func() string { return client.Endpoints()[0] },
	}
}
