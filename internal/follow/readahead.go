package follow

import (
	"context"
	"sync"
)

// mostAhead is how many bytes of events a watch reads ahead of its loop.
const mostAhead = 16 << 20

// Readahead keeps the events that a watch has read and its loop has not yet taken. Make one with
// NewReadahead.
type Readahead[E any] struct {
	weigh func(E) int // about how many bytes an event takes up

	mu     sync.Mutex
	events []E
	size   int
	err    error         // what comes behind the last event, once the watch has ended
	filled chan struct{} // something has come
	taken  chan struct{} // there is room again
	ended  chan struct{} // the watch has ended
}

// NewReadahead returns a Readahead of events, of which weigh says about how many bytes each takes up.
func NewReadahead[E any](weigh func(E) int) *Readahead[E] {
	return &Readahead[E]{weigh: weigh, filled: make(chan struct{}, 1), taken: make(chan struct{}, 1), ended: make(chan struct{})}
}

// Push adds an event, and waits for room first if there is none. It is never refused: a loop that wants no
// more ends the watch, and drains it.
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

// End says that err comes behind the last event.
func (r *Readahead[E]) End(err error) {
	r.err = err
	close(r.ended)
}

// Pop returns the next event, or the watch's error behind the last one, or ctx's cause as soon as that has
// ended.
func (r *Readahead[E]) Pop(ctx context.Context) (event E, err error) {
	for {
		if ctx.Err() != nil {
			return event, context.Cause(ctx)
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
	clear(r.events[:1]) // not to keep it alive
	if r.events = r.events[1:]; len(r.events) == 0 {
		r.events = nil
	}
	r.size -= r.weigh(event)
	Signal(r.taken)
	return event, true
}

// Drain throws away what comes until the watch has ended.
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

// Signal wakes the goroutine that waits on c, now or next.
func Signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
