package fakestore

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is one that has arrived.
type Request struct {
	Method string
	Key    string // below /v2/keys; empty for other paths
	Params url.Values
	At     time.Time
}

// Waits reports whether r is a poll.
func (r Request) Waits() bool { return r.Params.Get("wait") == "true" }

// Quorum reports whether r is a read with quorum.
func (r Request) Quorum() bool { return r.Params.Get("quorum") == "true" }

// Reads reports whether r reads key, and does not wait.
func (r Request) Reads(key string) bool {
	return r.Method == http.MethodGet && r.Key == key && !r.Waits()
}

// Creates reports whether r makes a key in dir.
func (r Request) Creates(dir string) bool {
	under := r.Key == dir || strings.HasPrefix(r.Key, dir+"/")
	return under && (r.Method == http.MethodPost || r.Method == http.MethodPut && r.Params.Get("prevExist") == "false")
}

// Renews reports whether r writes a key in dir that is there.
func (r Request) Renews(dir string) bool {
	return strings.HasPrefix(r.Key, dir) && r.Method == http.MethodPut && r.Params.Has("prevIndex")
}

// Deletes reports whether r deletes a key in dir, but not dir.
func (r Request) Deletes(dir string) bool {
	return strings.HasPrefix(r.Key, dir+"/") && r.Method == http.MethodDelete
}

// Fault is what goes wrong with a request. The zero Fault is none.
type Fault struct {
	Before time.Duration // how long it is on its way; it is then carried out though its sender has gone away
	Status int           // the answer is this failure, and nothing was done
	Page   bool          // the answer is the page of a server without the path, and nothing was done
	Refuse bool          // the answer is that the user may not do that, and nothing was done
	Hang   bool          // nothing is done, and there is no answer
	Drop   bool          // nothing is done, and the connection breaks
	Mute   bool          // the answer tells the index 0, as a server or a proxy may that does not tell its index
	After  time.Duration // how long the answer is on its way
	Lose   bool          // the connection breaks instead of the answer
}

// Obey makes each request suffer what rule says. Rule is called for one request at a time, before that is carried
// out. It may call the Store, except for Obey.
func (s *Store) Obey(rule func(Request) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule = rule
}

// Requests returns the requests on keys that have arrived and that match.
func (s *Store) Requests(match func(Request) bool) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var matching []Request
	for _, r := range s.requests {
		if match(r) {
			matching = append(matching, r)
		}
	}
	return matching
}

// fault notes the request, and returns what goes wrong with it.
func (s *Store) fault(r Request) Fault {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	rule := s.rule
	s.requests = append(s.requests, r)
	count := len(s.requests)
	s.mu.Unlock()
	if count == most {
		s.t.Errorf("%d requests in one test", most)
	}
	if count >= most {
		return Fault{Hang: true}
	}
	if rule == nil {
		return Fault{}
	}
	return rule(r)
}

// pause waits. It returns false if the test has ended.
func (s *Store) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}
