// Package fakestore is an etcd of one member in memory, for tests in synctest bubbles: its keys live and expire
// by the bubble's clock, and each request can be delayed, lost or answered from an old copy. It has what locks
// and elections use of the v2 keys: values, TTLs, directories, in-order keys, comparisons and polls.
package fakestore

import (
	"maps"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdv2/client/internal/fakenet"
)

// firstIndex is that of a store without keys: of a cluster of one member that has just begun.
const firstIndex = 7

// most is how many requests a test makes at most. One that makes more does so without a pause, and for ever.
const most = 20_000

// kept is how many events the store remembers of all keys together.
const kept = 1000

// Store is the server. New makes one.
type Store struct {
	URL string // of its only member

	t    *testing.T
	net  fakenet.Network
	done chan struct{} // closed when the test ends

	mu       sync.Mutex
	index    uint64
	nodes    map[string]*node // by key; the root is always there
	copy     *tree            // what reads without quorum and polls see; nil for the present
	log      []event          // the last events
	changed  chan struct{}    // closed with the next change
	cut      chan struct{}    // closed by the next Cut
	sweep    *time.Timer      // of what expires next
	late     time.Duration    // see SweepLate
	rule     func(Request) Fault
	requests []Request

	turn sync.Mutex // of the rule
}

// node is a key.
type node struct {
	value             string
	dir               bool
	expires           time.Time // zero for never
	created, modified uint64
}

// tree is the store as it was once.
type tree struct {
	index uint64
	nodes map[string]*node
}

// New starts a store in the bubble of t.
func New(t *testing.T) *Store {
	s := &Store{
		t:       t,
		done:    make(chan struct{}),
		index:   firstIndex,
		nodes:   map[string]*node{"/": {dir: true}},
		changed: make(chan struct{}),
		cut:     make(chan struct{}),
	}
	s.URL = s.net.Serve(t, "a", s)
	t.Cleanup(func() {
		close(s.done)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.sweep != nil {
			s.sweep.Stop()
		}
	})
	return s
}

// now returns the store as it is now. The caller holds mu.
func (s *Store) now() *tree { return &tree{s.index, s.nodes} }

// Freeze makes reads without quorum, and polls, see the store as it is now, until Thaw: like those of a member
// that does not hear from the leader any more.
func (s *Store) Freeze() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	s.copy = &tree{s.index, map[string]*node{}}
	for key, n := range s.nodes {
		old := *n
		s.copy.nodes[key] = &old
	}
}

// Thaw ends Freeze.
func (s *Store) Thaw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.copy = nil
	s.wake()
}

// SweepLate makes keys stay for so long after they have expired, as a leader does that is busy.
func (s *Store) SweepLate(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = by
	s.arm()
}

// Forget makes the store forget its history: polls from the past are answered with code 401.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
	s.index++ // or the next poll would not be from the past
	s.wake()
}

// Cut breaks the connections of all polls that are open.
func (s *Store) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// wake wakes the polls. The caller holds mu.
func (s *Store) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// happen makes one event of what has been done to key, and wakes the polls. The caller holds mu.
func (s *Store) happen(action, key string, n, prev *node) event {
	e := event{action, key, *n, prev}
	if s.log = append(s.log, e); len(s.log) > kept {
		s.log = s.log[1:]
	}
	s.wake()
	s.arm()
	return e
}

// take removes key and all below it. The caller holds mu.
func (s *Store) take(action, key string) event {
	prev := s.nodes[key]
	maps.DeleteFunc(s.nodes, func(name string, _ *node) bool { return name == key || strings.HasPrefix(name, key+"/") })
	s.index++
	return s.happen(action, key, &node{dir: prev.dir, created: prev.created, modified: s.index}, prev)
}

// put makes or overwrites key, and makes the directories above it. The caller holds mu.
func (s *Store) put(action, key string, n node) event {
	prev := s.nodes[key]
	s.index++
	n.created, n.modified = s.index, s.index
	if prev != nil && action != "set" {
		n.created = prev.created
	}
	for dir := path.Dir(key); s.nodes[dir] == nil; dir = path.Dir(dir) {
		s.nodes[dir] = &node{dir: true, created: s.index, modified: s.index}
	}
	s.nodes[key] = &n
	return s.happen(action, key, &n, prev)
}

// expire removes what has expired. The caller holds mu.
func (s *Store) expire() {
	for {
		key, at := s.next()
		if key == "" || time.Now().Before(at) {
			return
		}
		s.take("expire", key)
	}
}

// next returns which key expires next, and when. The caller holds mu.
func (s *Store) next() (next string, at time.Time) {
	for key, n := range s.nodes {
		if !n.expires.IsZero() && (next == "" || n.expires.Before(at)) {
			next, at = key, n.expires
		}
	}
	return next, at.Add(s.late)
}

// arm sees to it that what expires next does. The caller holds mu.
func (s *Store) arm() {
	if s.sweep != nil {
		s.sweep.Stop()
	}
	if key, at := s.next(); key != "" {
		s.sweep = time.AfterFunc(time.Until(at), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.expire()
		})
	}
}
