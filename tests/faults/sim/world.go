package sim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etcdv2/client/etcd"
)

// World is what one run of a workload has: a cluster, clients, faults, and a clock of its own.
type World struct {
	*testing.T
	Options Options
	Cluster *Cluster

	chance  *Chance
	net     *network
	nemesis *nemesis
	length  time.Duration
	counts  counts // of what the workload does
	faults  counts
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc

	mu      sync.Mutex
	clients []string
	close   []func()
}

// simulate runs a workload once, for so long in virtual time, in a bubble.
func simulate(t *testing.T, name string, seed uint64, length time.Duration, options Options, workload func(*World)) {
	began := time.Now() // outside of the bubble
	line := "sim: " + name + " came to no end"
	defer func() {
		fmt.Println(strings.Replace(line, "REAL", time.Since(began).Round(time.Millisecond).String(), 1))
		if t.Failed() {
			fmt.Printf("sim: %s failed with SIM_SEED=%d\n", name, seed)
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		chance := newChance(seed, name)
		w := &World{T: t, chance: chance, length: length, Options: options.withDefaults(chance), net: newNetwork(chance)}
		w.Cluster = newCluster(w.Options, chance, w.net, &w.faults)
		w.ctx, w.cancel = context.WithCancel(t.Context())
		started := time.Now()
		defer w.limit(2*length + hangs).Stop()
		workload(w)
		w.end()
		line = fmt.Sprintf("sim: %s seed %d: %d members, %v simulated in REAL, %v, %d requests, %d elections, %d snapshots, faults: %v",
			name, seed, w.Options.Members, time.Since(started).Round(time.Second), &w.counts,
			w.Cluster.requests.Load(), w.Cluster.elections, w.Cluster.snapshots, &w.faults)
	})
}

// hangs is how long a run goes on, after its faults and the pauses between them, before it counts as one that hangs.
const hangs = time.Hour

// limit reports a violation after d, unless it is stopped, and ends the program: nothing else ends what hangs.
func (w *World) limit(d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() {
		w.Errorf("the run did not end: it was to make faults for %v, and goes on after %v", w.length, d)
		panic(w.Name() + " did not end")
	})
}

// Chance returns a source of random choices for the workload.
func (w *World) Chance(name string) *Chance { return w.chance.For("workload " + name) }

// Count adds to a figure that the run's line shows.
func (w *World) Count(kind string, n int) { w.counts.add(kind, n) }

// Counted returns a figure.
func (w *World) Counted(kind string) int {
	w.counts.mu.Lock()
	defer w.counts.mu.Unlock()
	return w.counts.of[kind]
}

// Client returns a client of all members, with connections of its own. It ends with the run. If the config has an
// HTTPClient, the client gets one that is like it, but in the simulated network.
func (w *World) Client(name string, config etcd.Config) *etcd.Client {
	closeIdle := func() {}
	if config.HTTPClient == nil {
		config.Dial = w.net.dialer(name)
	} else {
		own := *config.HTTPClient
		own.Transport = &http.Transport{DialContext: w.net.dialer(name)}
		config.HTTPClient, closeIdle = &own, own.CloseIdleConnections
	}
	if len(config.Endpoints) == 0 {
		config.Endpoints = w.Cluster.Endpoints()
	}
	client, err := etcd.New(config)
	if err != nil {
		w.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.clients, name) {
		w.clients = append(w.clients, name)
	}
	w.close = append(w.close, func() {
		_ = client.Close()
		closeIdle()
	})
	return client
}

// names returns the names of the clients.
func (w *World) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.clients)
}

// Go runs f beside the workload. Its context ends when the run does, and the run waits for f.
func (w *World) Go(f func(ctx context.Context)) { w.running.Go(func() { f(w.ctx) }) }

// Disturb makes faults for the length of the run, and ends them all. The workload goes on, and then
// can check what has to be right in a cluster without faults.
func (w *World) Disturb() { w.DisturbFor(w.length) }

// DisturbFor makes faults for a time, and ends them all. A workload can call it again.
func (w *World) DisturbFor(d time.Duration) {
	if w.nemesis == nil {
		w.nemesis = newNemesis(w)
	}
	ctx, cancel := context.WithTimeout(w.ctx, d)
	defer cancel()
	w.nemesis.run(ctx)
}

// Stop ends the contexts of Go, and waits for what it runs.
func (w *World) Stop() {
	w.cancel()
	w.running.Wait()
}

// end ends everything.
func (w *World) end() {
	w.Stop()
	for _, close := range w.close {
		close()
	}
	w.Cluster.close()
	synctest.Wait()
}
