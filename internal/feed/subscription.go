package feed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/etcdv2/client/internal/contexts"
)

// mostQueued is the maximum number of bytes of events that a feed holds for a subscriber.
const mostQueued = 16 << 20

// Subscription is a watch that a feed serves.
type Subscription struct {
	watch  Watch
	feed   *Feed
	filled chan struct{} // something was added

	// Guarded by the hub.
	asks    bool   // wants to be told of progress
	askedAt uint64 // behind this index

	mu       sync.Mutex
	events   []Event
	size     int
	progress uint64 // how far the subscriber has come behind the events; 0 if it has been told
	ended    *Ended
}

// Ended is why a subscription has ended.
type Ended struct {
	Next   uint64    // the first index of which nothing was handed over
	Err    error     // what ends the watch; nil if it is to join again
	Last   Event     // the last event of the feed, by which its history can be recognized; nil for none
	Unsure bool      // whether the history is still the same
	At     time.Time // when that was
}

func (e *Ended) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("to be continued from index %d on", e.Next)
	}
	return e.Err.Error()
}

// Unwrap returns Err.
func (e *Ended) Unwrap() error { return e.Err }

// Update is what a subscription brings: an event, or else the index that it has come to.
type Update struct {
	Event    Event
	Progress uint64
}

// Next returns the next update, or an *Ended after the last one. Once ctx has ended, it returns
// contexts.Err(ctx).
func (s *Subscription) Next(ctx context.Context) (Update, error) {
	for {
		if err := contexts.Err(ctx); err != nil {
			return Update{}, err
		}
		if u, err := s.take(); u != (Update{}) || err != nil {
			return u, err
		}
		select {
		case <-s.filled:
		case <-s.watch.Request:
			s.request()
		case <-ctx.Done():
		}
	}
}

func (s *Subscription) take() (Update, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.events) > 0:
		e := s.events[0]
		s.events[0] = nil // so that it is not kept alive
		if s.events = s.events[1:]; len(s.events) == 0 {
			s.events = nil
		}
		s.size -= e.Weight()
		return Update{Event: e}, nil
	case s.progress != 0:
		p := s.progress
		s.progress = 0
		return Update{Progress: p}, nil
	case s.ended != nil:
		return Update{}, s.ended
	}
	return Update{}, nil
}

// concerns reports whether the event is for the subscriber.
func (s *Subscription) concerns(e Event) bool {
	key, own := e.Key(), s.watch.Key
	return key == own || e.Removal() && below(own, key) || s.watch.Recursive && below(key, own)
}

// push adds an event, unless the subscription has ended. It returns false if the event does not fit.
func (s *Subscription) push(e Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return true
	}
	if s.size > 0 && s.size+e.Weight() > mostQueued {
		return false
	}
	s.events = append(s.events, e)
	s.size += e.Weight()
	signal(s.filled)
	return true
}

// reached adds that the subscriber has come to index.
func (s *Subscription) reached(index uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = index
	signal(s.filled)
}

// end adds that the subscription has ended.
func (s *Subscription) end(why *Ended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	why.At = time.Now()
	s.ended = why
	signal(s.filled)
}

// request asks for progress: for what is known, and for what can be found out.
func (s *Subscription) request() {
	s.feed.hub.mu.Lock()
	defer s.feed.hub.mu.Unlock()
	s.asks, s.askedAt = true, s.feed.proven
	if !s.feed.unsure {
		s.reached(s.feed.proven)
	}
	signal(s.feed.Request)
}

// Close ends the subscription.
func (s *Subscription) Close() {
	s.feed.hub.mu.Lock()
	defer s.feed.hub.mu.Unlock()
	s.feed.dismiss(s, &Ended{})
}
