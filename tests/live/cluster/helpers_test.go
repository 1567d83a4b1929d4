package cluster_test

import (
	"slices"
	"sync"

	"github.com/etcdv2/client/etcd"
)

// attempts is an Observer that keeps what it is told.
type attempts struct {
	mu    sync.Mutex
	began int
	ended []etcd.AttemptEnded
	other []etcd.Event
}

func (a *attempts) Observe(event etcd.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := event.(type) {
	case etcd.AttemptStarted:
		a.began++
	case etcd.AttemptEnded:
		a.ended = append(a.ended, e)
	default:
		a.other = append(a.other, e)
	}
}

// started returns how many attempts have begun.
func (a *attempts) started() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.began
}

// last returns how the last attempt came out.
func (a *attempts) last() etcd.AttemptEnded {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ended[len(a.ended)-1]
}

// lastWrite returns how the last attempt of a PUT came out.
func (a *attempts) lastWrite() etcd.AttemptEnded {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, attempt := range slices.Backward(a.ended) {
		if attempt.Method == "PUT" {
			return attempt
		}
	}
	return etcd.AttemptEnded{}
}

// told returns what the observer was told beside attempts.
func (a *attempts) told() []etcd.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]etcd.Event(nil), a.other...)
}
