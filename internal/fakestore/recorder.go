package fakestore

import (
	"sync"
	"testing/synctest"

	"github.com/etcdv2/client/etcd"
)

// Recorder is an Observer that keeps what it is told. The zero value has been told nothing.
type Recorder struct {
	mu     sync.Mutex
	events []etcd.Event
}

// Observe keeps an event.
func (r *Recorder) Observe(e etcd.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Told returns the events of one kind, once all goroutines of the bubble wait.
func Told[T etcd.Event](r *Recorder) []T {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var of []T
	for _, e := range r.events {
		if e, ok := e.(T); ok {
			of = append(of, e)
		}
	}
	return of
}
