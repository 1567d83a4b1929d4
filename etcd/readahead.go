package etcd

import (
	"context"
	"sync"
)

// mostAhead is how many bytes of events a watch reads ahead of its loop.
const mostAhead = 16 << 20

// readahead keeps the events that a watch has read and its loop has not yet taken.
type readahead struct {
	mu     sync.Mutex
	events []*Response
	size   int
	err    error         // what comes behind the last event, once the watch has ended
	filled chan struct{} // something has come
	taken  chan struct{} // there is room again
	ended  chan struct{} // the watch has ended
}

func newReadahead() *readahead {
	return &readahead{filled: make(chan struct{}, 1), taken: make(chan struct{}, 1), ended: make(chan struct{})}
}

// push adds an event, and waits for room first if there is none. It is never refused: who wants
// no more ends the watch, and drains it.
func (r *readahead) push(event *Response) error {
	size := weight(event)
	for !r.add(event, size) {
		<-r.taken
	}
	signal(r.filled)
	return nil
}

func (r *readahead) add(event *Response, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > 0 && r.size+size > mostAhead {
		return false
	}
	r.events = append(r.events, event)
	r.size += size
	return true
}

// end says that err comes behind the last event.
func (r *readahead) end(err error) {
	r.err = err
	close(r.ended)
}

// pop returns the next event, or the watch's error behind the last one, or ctx's cause as soon as
// that has ended.
func (r *readahead) pop(ctx context.Context) (*Response, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if event := r.take(); event != nil {
			return event, nil
		}
		select {
		case <-r.filled:
		case <-ctx.Done():
		case <-r.ended:
			if event := r.take(); event != nil {
				return event, nil
			}
			return nil, r.err
		}
	}
}

func (r *readahead) take() *Response {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == 0 {
		return nil
	}
	event := r.events[0]
	r.events[0] = nil // not to keep it alive
	if r.events = r.events[1:]; len(r.events) == 0 {
		r.events = nil
	}
	r.size -= weight(event)
	signal(r.taken)
	return event
}

// drain throws away what comes until the watch has ended.
func (r *readahead) drain() {
	for {
		for r.take() != nil {
			continue
		}
		select {
		case <-r.ended:
			return
		case <-r.filled:
		}
	}
}

// weight is about how many bytes an event takes up.
func weight(event *Response) int {
	const plain = 512
	size := plain + len(event.Node.Key) + len(event.Node.Value)
	for _, node := range event.Node.Nodes {
		for below := range node.Walk() {
			size += plain + len(below.Key) + len(below.Value)
		}
	}
	if event.PrevNode != nil {
		size += len(event.PrevNode.Value)
	}
	return size
}

// signal wakes who waits on c, now or next.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
