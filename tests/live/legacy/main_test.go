package legacy_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/legacy"
	"github.com/etcdv2/client/tests/internal/live"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// must returns the response of a call that has to work.
func must(t testing.TB) func(*etcd.Response, error) *etcd.Response {
	return live.Must[*etcd.Response](t)
}

// eachWay runs test with a client of a cluster of one member, of all of three, and of one follower of three.
func eachWay(t *testing.T, test func(t *testing.T, c *legacy.Cluster, client *etcd.Client)) {
	for name, way := range map[string]struct {
		members   int
		endpoints func(c *legacy.Cluster) []string
	}{
		"one member":        {1, (*legacy.Cluster).Endpoints},
		"three members":     {3, (*legacy.Cluster).Endpoints},
		"only one follower": {3, func(c *legacy.Cluster) []string { return []string{c.Followers()[0].URL()} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := legacy.Start(t, way.members)
			test(t, c, live.Client(t, way.endpoints(c)...))
		})
	}
}

// soon returns a context that ends before the test does, so that a test that hangs fails.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// told keeps what an observer is told.
type told struct {
	mu     sync.Mutex
	events []etcd.Event
}

func (o *told) Observe(event etcd.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, event)
}

// all returns the events of one type.
func all[E etcd.Event](o *told) []E {
	o.mu.Lock()
	defer o.mu.Unlock()
	var events []E
	for _, event := range o.events {
		if e, ok := event.(E); ok {
			events = append(events, e)
		}
	}
	return events
}

// follow starts a watch and returns the channel of its events, which is closed when the watch has ended, with
// the error of its end in err.
func follow(t testing.TB, client *etcd.Client, key string, opts ...etcd.WatchOption) (events chan *etcd.Response, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(soon(t))
	events = make(chan *etcd.Response, 10_000)
	var last error
	var running sync.WaitGroup
	running.Go(func() {
		defer close(events)
		for event, err := range client.Watch(ctx, key, opts...) {
			if err != nil {
				last = err
				return
			}
			events <- event
		}
	})
	end = sync.OnceValue(func() error {
		cancel()
		running.Wait()
		return last
	})
	t.Cleanup(func() { _ = end() })
	return events, end
}

// next returns the next event.
func next(t testing.TB, events <-chan *etcd.Response) *etcd.Response {
	t.Helper()
	select {
	case event, ok := <-events:
		if !ok {
			t.Fatal("the watch has ended")
		}
		return event
	case <-soon(t).Done():
		t.Fatal("no event")
	}
	return nil
}
