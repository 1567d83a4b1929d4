package bench

import (
	"testing"
	"time"

	"github.com/etcdv2/client/tests/etcdtest"
)

// results is all that is measured.
type results struct {
	groups    []group
	latency   latencies
	storms    map[string][]storm
	failovers map[string]map[string][]time.Duration
	handOvers []time.Duration
	mirrors   []work
	peaks     []peak
}

func TestBench(t *testing.T) {
	s := quick
	if outDir() != "" {
		s = full
	}
	r, err := measureAll(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if outDir() == "" {
		return
	}
	if err := r.write(outDir()); err != nil {
		t.Fatal(err)
	}
	for _, target := range r.targets() {
		if !target.met {
			t.Errorf("missed: %s: %s", target.name, target.measured)
		}
	}
}

// measureAll measures everything, the servers being processes of their own.
func measureAll(t *testing.T, s scale) (r results, err error) {
	cluster := etcdtest.Start(t, etcdtest.WithBinary(etcdtest.Build(t, etcdtest.Etcd35)))
	endpoint := cluster.Endpoints()[0]
	clients := newClients(t, endpoint)
	ctx := t.Context()
	steps := []func() error{
		func() error { return r.addGroup(calls(ctx, s, clients, 1)) },
		func() error { return r.addGroup(calls(ctx, s, clients, 8)) },
		func() error { return r.addGroup(calls(ctx, s, clients, 64)) },
		func() error { return r.addGroup(trees(ctx, s, clients)) },
		func() error { return r.addGroup(largeValues(ctx, s, clients)) },
		func() (err error) { r.latency, err = watchLatency(t, s, endpoint); return err },
		func() (err error) { r.storms, err = storms(t, s, endpoint); return err },
		func() (err error) { r.handOvers, err = handOvers(t, s.handed, endpoint); return err },
		func() (err error) { r.mirrors, err = mirrors(t, s, endpoint); return err },
		func() (err error) { r.peaks, err = peaks(t, s, endpoint, clients); return err },
		func() (err error) { r.failovers, err = failovers(t, s); return err },
	}
	if outDir() == "" {
		steps = steps[:6] // the others take long
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *results) addGroup(g group, err error) error {
	r.groups = append(r.groups, g)
	return err
}
