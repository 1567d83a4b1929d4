package follow

import (
	"context"
	"sync"

	"github.com/etcdv2/client/internal/contexts"
)

// mostAhead is the maximum number of bytes of events that a watch reads ahead of its loop.
const mostAhead = 16 << 20

// Readahead holds the events that a watch has read and its loop has not yet taken. Use NewReadahead to make
// one.
type Readahead[E any] struct {
	weigh func(E) int // returns the approximate size of an event in bytes

	mu     sync.Mutex
	events []E
	size   int
	err    error         // what follows the last event, once the watch has ended
	filled chan struct{} // an event was added
	taken  chan struct{} // there is room again
	ended  chan struct{} // the watch has ended
}

// NewReadahead returns an empty Readahead. weigh returns the approximate size of an event in bytes.
func NewReadahead[E any](weigh func(E) int) *Readahead[E] {
	return &Readahead[E]{weigh: weigh, filled: make(chan struct{}, 1), taken: make(chan struct{}, 1), ended: make(chan struct{})}
}

// Push adds an event, and waits for room first if there is none. It never returns an error: a loop that needs
// no more events ends the watch and drains the Readahead.
func (r *Readahead[E]) Push(event E) error {
	size := r.weigh(event)
	for !r.add(event, size) {
		<-r.taken
	}
	Signal(r.filled)
	return nil
}

func (r *Readahead[E]) add(event E, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > 0 && r.size+size > mostAhead {
		return false
	}
	r.events = append(r.events, event)
	r.size += size
	return true
}

// End records that the watch has ended and that err follows the last event.
func (r *Readahead[E]) End(err error) {
	r.err = err
	close(r.ended)
}

// Pop returns the next event, or the error of the watch after the last event. Once ctx has ended, it returns
// contexts.Err(ctx).
func (r *Readahead[E]) Pop(ctx context.Context) (event E, err error) {
	for {
		if err := contexts.Err(ctx); err != nil {
			return event, err
		}
		if event, ok := r.take(); ok {
			return event, nil
		}
		select {
		case <-r.filled:
		case <-ctx.Done():
		case <-r.ended:
			if event, ok := r.take(); ok {
				return event, nil
			}
			return event, r.err
		}
	}
}

func (r *Readahead[E]) take() (event E, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == 0 {
		return event, false
	}
	event = r.events[0]
	clear(r.events[:1]) // so that it is not kept alive
	if r.events = r.events[1:]; len(r.events) == 0 {
		r.events = nil
	}
	r.size -= r.weigh(event)
	Signal(r.taken)
	return event, true
}

// Drain discards events until the watch has ended.
func (r *Readahead[E]) Drain() {
	for {
		for _, ok := r.take(); ok; _, ok = r.take() {
			continue
		}
		select {
		case <-r.ended:
			return
		case <-r.filled:
		}
	}
}

// Signal wakes the goroutine that waits on c, or the next one that does.
func Signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
