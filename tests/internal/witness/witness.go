// Package witness holds a watch to its word: it keeps what a watch delivers, and compares that with
// the writes that the servers acknowledged.
package witness

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/etcd"
)

// Patience is how long a watch may deliver nothing although there is something to deliver. A watch
// that takes longer has fallen silent.
const Patience = 30 * time.Second

// A Witness runs one watch in the background. Use Watch.
type Witness struct {
	stop context.CancelFunc
	done chan struct{} // closed when the watch has ended
	look func(n int)

	mu      sync.Mutex
	events  []*etcd.Response
	arrived []time.Time
	err     error // what the watch ended with
}

// An Option changes what a Witness does.
type Option func(*Witness)

// Pausing makes the witness call look with the number of events so far after each, before it asks
// for the next: the way to be a slow reader.
func Pausing(look func(n int)) Option { return func(w *Witness) { w.look = look } }

// Watch begins to watch everything at and below dir behind index, until the test ends.
func Watch(tb testing.TB, client *etcd.Client, dir string, index uint64, opts ...Option) *Witness {
	return Range(tb, func(ctx context.Context) iter.Seq2[*etcd.Response, error] {
		return client.Watch(ctx, dir, etcd.WithRecursive(), etcd.WithAfterIndex(index))
	}, opts...)
}

// Range witnesses any watch, or what stands for one.
func Range(tb testing.TB, watch func(context.Context) iter.Seq2[*etcd.Response, error], opts ...Option) *Witness {
	ctx, stop := context.WithCancel(tb.Context())
	w := &Witness{stop: stop, done: make(chan struct{}), look: func(int) {}}
	for _, opt := range opts {
		opt(w)
	}
	go w.run(watch(ctx))
	tb.Cleanup(w.Stop)
	return w
}

func (w *Witness) run(events iter.Seq2[*etcd.Response, error]) {
	defer close(w.done)
	for event, err := range events {
		w.look(w.add(event, err))
	}
}

// add keeps an event or the error that ends the watch, behind which there must be nothing.
func (w *Witness) add(event *etcd.Response, err error) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		err = fmt.Errorf("the watch went on after it had ended with: %w", w.err)
	}
	if err != nil {
		w.err = err
		return len(w.events)
	}
	w.events = append(w.events, event)
	w.arrived = append(w.arrived, time.Now())
	return len(w.events)
}

// Stop ends the watch and returns when it has ended.
func (w *Witness) Stop() {
	w.stop()
	<-w.done
}

// Events returns what was delivered so far.
func (w *Witness) Events() []*etcd.Response {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.events)
}

// Arrived returns when each event was.
func (w *Witness) Arrived() []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.arrived)
}

// Err returns what the watch ended with, nil while it goes on.
func (w *Witness) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Await returns when the event at index or one behind it was delivered. It is an error if the watch
// ends before, or delivers nothing for as long as Patience.
func (w *Witness) Await(index uint64) error { return w.AwaitWithin(index, Patience) }

// AwaitWithin is Await with a patience of one's own.
func (w *Witness) AwaitWithin(index uint64, patience time.Duration) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for began, before := time.Now(), -1; ; {
		n, last := w.progress()
		ended := w.ended()
		switch {
		case last >= index:
			return nil
		case ended:
			return fmt.Errorf("the watch ended at %d, before %d: %w", last, index, reason(w.Err()))
		case n != before:
			began, before = time.Now(), n
		case time.Since(began) > patience:
			return fmt.Errorf("silence: %d was delivered last, after %d events; nothing for %v, although there is %d",
				last, n, patience, index)
		}
		select {
		case <-tick.C:
		case <-w.done:
		}
	}
}

// progress returns how many events there are and the index of the last.
func (w *Witness) progress() (n int, last uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) > 0 {
		last = w.events[len(w.events)-1].Index
	}
	return len(w.events), last
}

func (w *Witness) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// errWithoutReason is that of a watch that ends without an error, which it never may.
var errWithoutReason = errors.New("without an error")

func reason(err error) error {
	if err == nil {
		return errWithoutReason
	}
	return err
}
