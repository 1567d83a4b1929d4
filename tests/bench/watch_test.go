package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
	"github.com/etcdv2/client/tests/internal/witness"
	clientv2 "go.etcd.io/etcd/client/v2"
)

// watcher is a client's way to watch a directory: it calls deliver with the value of each event behind an index, until
// ctx ends or the watch does.
type watcher struct {
	name  string
	watch func(ctx context.Context, dir string, after uint64, deliver func(value string)) error
	begun chan struct{} // told when the watch waits at the server, if it cannot go back to after; nil if it can
}

func watchers(tb testing.TB, endpoint string) []watcher {
	client := live.Client(tb, endpoint)
	keys := newKeysAPI(tb, wideTransport(tb), endpoint)
	return []watcher{
		{name: ours, watch: func(ctx context.Context, dir string, after uint64, deliver func(string)) error {
			for event, err := range client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithAfterIndex(after)) {
				if err != nil {
					return err
				}
				deliver(event.Node.Value)
			}
			return nil
		}},
		{name: official, watch: func(ctx context.Context, dir string, after uint64, deliver func(string)) error {
			w := keys.Watcher(dir, &clientv2.WatcherOptions{AfterIndex: after, Recursive: true})
			for {
				event, err := w.Next(ctx)
				if err != nil {
					return err
				}
				deliver(event.Node.Value)
			}
		}},
	}
}

// pace is the time between two writes where a watch's latency is measured.
const pace = 10 * time.Millisecond

// latencies are how long after each write was sent its event was delivered: the write's reply often comes later.
type latencies map[string][]time.Duration

// watchLatency measures the watchers in many short turns: in ten seconds the machine alone makes the median 5 % greater
// or less.
func watchLatency(tb testing.TB, s scale, endpoint string) (latencies, error) {
	all := latencies{}
	contenders := watchers(tb, endpoint)
	for round := range s.rounds {
		for i := range contenders {
			w := contenders[(i+round)%len(contenders)]
			some, err := w.latency(tb, endpoint, fmt.Sprintf("/latency-%d/%s", round, lettersOf(w.name)), s.watched)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			all[w.name] = append(all[w.name], some...)
		}
	}
	return all, nil
}

// warmUp is how many writes go before those that are measured.
const warmUp = 10

// latency makes n writes and returns how long each took to be delivered.
func (w watcher) latency(tb testing.TB, endpoint, dir string, n int) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	writer := newBareTCP(tb, endpoint)
	after, err := writer.set(ctx, dir+"/begin", "begin")
	if err != nil {
		return nil, err
	}
	delivered := make(chan time.Time, warmUp+n+1)
	ended := make(chan error, 1)
	go func() {
		ended <- w.watch(ctx, dir, after, func(string) { delivered <- time.Now() })
	}()
	var took []time.Duration
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for i := range warmUp + n {
		<-tick.C
		sent := time.Now()
		if _, err := writer.set(ctx, dir+"/service", strconv.Itoa(i)); err != nil {
			return nil, err
		}
		select {
		case at := <-delivered:
			took = append(took, at.Sub(sent))
		case err := <-ended:
			return nil, fmt.Errorf("the watch ended after %d of %d events: %w", i, warmUp+n, err)
		}
	}
	cancel()
	if err := <-ended; err != nil && ctx.Err() == nil {
		return nil, err
	}
	return took[warmUp:], nil
}

// nobody is the name of no watcher.
const nobody = "nobody watching"

// stormTime is how long a storm may last: longer than all events take.
const stormTime = 10 * time.Second

// storm is what came of 64 writers that write as fast as they can.
type storm struct {
	rate      float64 // writes a second until the last was written and, if watched, delivered; 0 if that is not
	delivered int
	total     int
	err       error // what the watch ended with
}

// bareStream reads the server's stream of events, and counts its lines: what a watch costs the server and the cores at
// least. It may miss events.
func bareStream(tb testing.TB, endpoint string) watcher {
	client := &http.Client{Transport: wideTransport(tb)}
	begun := make(chan struct{}, 1)
	return watcher{reading, func(ctx context.Context, dir string, _ uint64, deliver func(string)) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/v2/keys"+dir+"?wait=true&recursive=true&stream=true", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		begun <- struct{}{}
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			deliver("")
		}
		return lines.Err()
	}, begun}
}

// storms makes one storm without a watcher and one with each, in turns. The one without is named nobody.
func storms(tb testing.TB, s scale, endpoint string) (map[string][]storm, error) {
	all := map[string][]storm{}
	contenders := append([]watcher{{name: nobody}, bareStream(tb, endpoint)}, watchers(tb, endpoint)...)
	for round := range min(s.rounds, 9) {
		for i := range contenders {
			w := contenders[(i+round)%len(contenders)]
			one, err := w.storm(tb, endpoint, fmt.Sprintf("/storm-%d/%s", round, lettersOf(w.name)), s.sets)
			if err != nil {
				return nil, err
			}
			all[w.name] = append(all[w.name], one)
		}
	}
	return all, nil
}

// storm floods a directory that w watches.
func (w watcher) storm(tb testing.TB, endpoint, dir string, sets int) (storm, error) {
	ctx, cancel := context.WithTimeout(tb.Context(), stormTime)
	defer cancel()
	after, err := newBareTCP(tb, endpoint).set(ctx, dir+"/begin", "begin")
	if err != nil {
		return storm{}, err
	}
	flood := &witness.Flood{Endpoint: endpoint, Dir: dir, Writers: 64, Sets: sets, Ledger: &witness.Ledger{}}
	var count atomic.Int64
	ended := make(chan error, 1)
	if w.watch == nil {
		count.Store(int64(flood.Total()))
	} else {
		go func() {
			ended <- w.watch(ctx, dir, after, func(string) {
				if count.Add(1) == int64(flood.Total()) {
					cancel()
				}
			})
		}()
	}
	if w.begun != nil {
		select {
		case <-w.begun:
		case err := <-ended:
			return storm{}, err
		}
	}
	began := time.Now()
	if err := flood.Run(tb.Context()); err != nil {
		return storm{}, err
	}
	var watchErr error
	if w.watch != nil {
		watchErr = <-ended
	}
	result := storm{delivered: int(count.Load()), total: flood.Total(), err: watchErr}
	if result.delivered == result.total {
		result.rate = float64(result.total) / time.Since(began).Seconds()
	}
	return result, nil
}
